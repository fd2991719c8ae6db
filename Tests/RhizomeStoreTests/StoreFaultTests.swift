import Bytes
import Foundation
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomeStore

@Suite struct StoreFaultTests {
    /// `store-writer`, which lies beside the test bundle.
    static let writer = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "store-writer").path

    /// A program that runs, and what it says, in a file.
    struct Running {
        let process = Process()
        let output: URL
        private let ended: AsyncStream<Void>

        init(_ arguments: [String], output: String) throws {
            self.output = URL(filePath: output)
            _ = FileManager.default.createFile(atPath: output, contents: nil)
            let (ended, continuation) = AsyncStream<Void>.makeStream()
            self.ended = ended
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = arguments
            process.standardOutput = try FileHandle(forWritingTo: self.output)
            process.standardError = FileHandle.nullDevice
            process.terminationHandler = { _ in continuation.finish() }
            try process.run()
        }

        /// The whole lines that it has said.
        func lines() throws -> [String] {
            let text = String(decoding: try Data(contentsOf: output), as: UTF8.self)
            return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        }

        func waitUntilEnd() async { for await _ in ended {} }
    }

    @Test("what was acknowledged survives kill -9, round after round")
    func killed() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var acknowledged: [Int64: String] = [:]
            for (round, enough) in [3, 40, 1, 90, 150, 20].enumerated() {
                let running = try Running([Self.writer, "append", data], output: folder.path("round-\(round)"))
                defer { kill(running.process.processIdentifier, SIGKILL) }
                try await eventually("\(enough) deltas are acknowledged") { try running.lines().count >= enough }
                kill(running.process.processIdentifier, SIGKILL)
                await running.waitUntilEnd()
                for line in try running.lines() {
                    let words = line.split(separator: " ")
                    let position = try #require(words.first.flatMap { Int64($0) }, "\(line)")
                    let before = acknowledged.updateValue(String(words[1]), forKey: position)
                    #expect(before == nil, "a position came twice")
                }
                let log = try StoreOpeningTests.open(data)
                #expect(log.witnessFinding == nil)
                let held = try await log.entries(after: 0, maximumBytes: .max)
                #expect(held.map(\.position) == Array(1...Int64(held.count)))
                for (position, id) in acknowledged { #expect(held[Int(position) - 1].id.description == id) }
                #expect(try await log.audit().findings.isEmpty)
                try log.close()
            }
        }
    }

    /// Runs `store-writer` in a mount namespace of its own, after a shell has prepared it: root's, or one's own user
    /// namespace; `nil`, with a printed line, where neither is allowed.
    static func isolated(_ script: String, _ verb: String, _ folder: TemporaryFolder) async throws -> [String]? {
        let probe = try Running(["unshare", "-m", "true"], output: folder.path("probe"))
        await probe.waitUntilEnd()
        let flags = probe.process.terminationStatus == 0 ? "-m" : "-rm"
        let arguments = [
            "unshare", flags, "sh", "-euc", "\(script)\nexec \"$1\" \"$2\" \"$3\"", "sh", writer, verb,
            folder.path("disk/data"),
        ]
        let running = try Running(arguments, output: folder.path("output"))
        await running.waitUntilEnd()
        let lines = try running.lines()
        guard running.process.terminationStatus == 0 || !lines.isEmpty else {
            print("skipped: no mount namespace of its own for \(verb) (unshare \(flags))")
            return nil
        }
        return lines
    }

    @Test("a full disk is told, leaves nothing of the batch, and the store goes on when there is room")
    func fullDisk() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder.path("disk"), withIntermediateDirectories: false)
            let script = "mount -t tmpfs -o size=4m,mode=700 tmpfs '\(folder.path("disk"))'"
            guard let lines = try await Self.isolated(script, "fill", folder) else { return }
            #expect(lines.count == 2)
            #expect(lines.first?.contains("disk is full") == true, "\(lines)")
            #expect(lines.last == "ok")
        }
    }

    @Test("a store in a folder that can't be written is read and audited, and refused to writers in words")
    func readOnlyFolder() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder.path("disk"),
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
            var maker = DeltaMaker()
            let log = try StoreOpeningTests.open(folder.path("disk/data"))
            _ = try await log.append(try maker.chain("alice", 5), cursors: [:])
            try log.close()
            let disk = folder.path("disk")
            let script = "mount --bind '\(disk)' '\(disk)'\nmount -o remount,ro,bind '\(disk)'"
            guard let lines = try await Self.isolated(script, "read", folder) else { return }
            #expect(lines.count == 2)
            #expect(lines.first?.hasPrefix("refused: ") == true, "\(lines)")
            #expect(lines.last == "ok 5")
        }
    }

    @Test("a torn write-ahead log gives the batches before the tear, and the store goes on from there")
    func torn() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 60)
            // The witness lags, as it does for a second: what it hasn't seen, nobody misses.
            var log: SQLiteDeltaLog? = try StoreOpeningTests.open(data, interval: .seconds(3600))
            let made = try Data(contentsOf: URL(filePath: data + "/store.sqlite-wal")).count
            for start in stride(from: 0, to: 60, by: 10) {
                _ = try await log?.append(Array(chain[start..<start + 10]), cursors: ["c": Int64(start + 10)])
            }
            try StoreOpeningTests.copy(data, folder.path("live"))
            try log?.close()
            log = nil
            let wal = try Data(contentsOf: URL(filePath: folder.path("live/store.sqlite-wal")))
            var generator = SeededGenerator()
            var counts: Set<Int64> = []
            for round in 0..<24 {
                let torn = folder.path("torn")
                try StoreOpeningTests.copy(folder.path("live"), torn)
                try FileManager.default.removeItem(atPath: torn + "/store.sqlite-shm")
                let place = Int.random(in: made..<wal.count, using: &generator)
                var bytes = wal
                if round.isMultiple(of: 2) { bytes = wal.prefix(place) } else { bytes[place] ^= 0x10 }
                try bytes.write(to: URL(filePath: torn + "/store.sqlite-wal"))
                do {
                    let opened = try StoreOpeningTests.open(torn)
                    let count = try await opened.count()
                    counts.insert(count)
                    #expect(count.isMultiple(of: 10), "seed \(generator.seed)")
                    #expect(try await opened.cursor("c") == count)
                    #expect(opened.witnessFinding == nil)
                    #expect(try await opened.append(chain, cursors: [:]).count == 60 - Int(count))
                    #expect(try await opened.audit().findings.isEmpty, "seed \(generator.seed)")
                    try opened.close()
                } catch let error as DeltaLogError {
                    Issue.record("\(error), seed \(generator.seed)")
                }
            }
            #expect(counts.count > 1)
        }
    }

    @Test("a tear that takes what the witness has seen is told")
    func tornBehindWitness() async throws {
        try await withTemporaryFolder { folder in
            let data = folder.path("data")
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 20)
            let log = try StoreOpeningTests.open(data)
            for start in [0, 10] { _ = try await log.append(Array(chain[start..<start + 10]), cursors: [:]) }
            try StoreOpeningTests.copy(data, folder.path("live"))
            try log.close()
            let wal = URL(filePath: folder.path("live/store.sqlite-wal"))
            let bytes = try Data(contentsOf: wal)
            try bytes.prefix(bytes.count - 2_000).write(to: wal)
            try FileManager.default.removeItem(atPath: folder.path("live/store.sqlite-shm"))
            let torn = try StoreOpeningTests.open(folder.path("live"))
            #expect(torn.witnessFinding?.code == .behind)
            #expect(try await torn.append(chain, cursors: [:]).count == 10)
            try torn.close()
        }
    }

    @Test("a damaged page is told as corrupt, found by the audit, or holds nothing; and never traps")
    func damaged() async throws {
        try await StoreAuditTests.withStore { data in
            let file = URL(filePath: data + "/store.sqlite")
            let whole = try Data(contentsOf: file)
            func wires(_ log: SQLiteDeltaLog) async throws -> [[UInt8]] {
                try await log.deltas(after: 0, limit: 100).map(\.delta.bytes)
            }
            let untouched = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
            let deltas = try await wires(untouched)
            try untouched.close()
            var generator = SeededGenerator()
            for _ in 0..<40 {
                var bytes = whole
                let page = Int.random(in: 0..<whole.count / 4096, using: &generator) * 4096
                for _ in 0..<200 {
                    let place = page + Int.random(in: 0..<4096, using: &generator)
                    bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                }
                try bytes.write(to: file)
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file.path + suffix) }
                do {
                    let log = try SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0)
                    let findings = try await log.audit().findings
                    if findings.isEmpty {
                        #expect(try await wires(log) == deltas, "page \(page / 4096), seed \(generator.seed)")
                    }
                    for author in (try? await log.authors()) ?? [] {
                        _ = try? await log.forks(of: author.author, limit: 100)
                        _ = try? await log.locators(of: author.author)
                    }
                    try? log.close()
                } catch let error as DeltaLogError {
                    #expect([.corrupt, .disk, .newer].contains(error.code), "\(error), seed \(generator.seed)")
                }
            }
        }
    }
}
