import Bytes
import Foundation
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import SignedStatements
import Sodium

/// A process of its own that writes to a store, for tests that kill it or fill its disk.
@main
enum StoreWriter {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 2, let folder = arguments.last else {
            print("usage: store-writer append | fill | read FOLDER")
            exit(2)
        }
        do {
            switch arguments.first {
            case "append": try await append(folder)
            case "fill": try await fill(folder)
            case "read": try await read(folder)
            default: exit(2)
            }
        } catch {
            say("failed: \(error)")
            exit(1)
        }
    }

    /// One line, out at once: what was said before a kill is in the pipe.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    /// Opens the store; waits where it is locked: what the tests have just forked holds the lock, too, until it has become
    /// another program.
    private static func open(_ folder: String) throws -> SQLiteDeltaLog {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            do {
                return try SQLiteDeltaLog.open(folder: folder, version: "1", now: .min)
            } catch let error as DeltaLogError where error.code == .locked && ContinuousClock.now < end {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }

    /// Appends small batches without end, and tells of each delta when its append has returned.
    private static func append(_ folder: String) async throws {
        let log = try open(folder)
        var author = try Author()
        var count = 0
        while true {
            count += 1
            let stored = try await log.append(try author.batch(1 + count % 5, padding: 100), cursors: [:])
            for delta in stored { say("\(delta.position) \(delta.id)") }
        }
    }

    /// Fills the disk, a small one of its own, and goes on when there is room again.
    private static func fill(_ folder: String) async throws {
        let ballast = folder + ".ballast"
        try Data(repeating: 1, count: 1 << 20).write(to: URL(filePath: ballast))
        let log = try open(folder)
        var author = try Author()
        var refused: [AdmittedDelta] = []
        var held: Int64 = 0
        while refused.isEmpty {
            let batch = try author.batch(20, padding: 2_000)
            do {
                held += Int64(try await log.append(batch, cursors: ["held": held]).count)
            } catch let error as DeltaLogError where error == DeltaLogError(.disk, "") {
                say("full after \(held): \(error)")
                refused = batch
            }
        }
        try check(held > 0, "nothing was held before the disk was full")
        for _ in 0..<3 {
            try check(try await log.count() == held, "another count than was told")
            try check(try await log.contains(refused.map(\.delta.id)).isEmpty, "part of a refused batch is held")
            do {
                _ = try await log.append(refused, cursors: [:])
                throw Failure("a full disk took a batch")
            } catch let error as DeltaLogError {
                try check(error == DeltaLogError(.disk, ""), "another error: \(error)")
            }
        }
        try FileManager.default.removeItem(atPath: ballast)
        let stored = try await log.append(refused, cursors: [:])
        try check(stored.map(\.position) == (1...20).map { held + $0 }, "positions with a gap")
        try check(try await log.cursor("held") == held - 20, "a cursor of a refused batch was set")
        _ = try await log.append(try author.batch(20, padding: 2_000), cursors: [:])
        try log.close()
        let again = try open(folder)
        try check(again.witnessFinding == nil, "the witness doesn't fit: \(String(describing: again.witnessFinding))")
        let report = try await again.audit()
        try check(report.findings.isEmpty, "findings: \(report.findings)")
        try check(report.count == held + 40, "another count than was told")
        try again.close()
        say("ok")
    }

    /// Audits a store that can't be written, and is told so when it tries to open it.
    private static func read(_ folder: String) async throws {
        let log = try SQLiteDeltaLog.openForReading(folder: folder, version: "1", now: .min)
        let report = try await log.audit()
        try check(report.findings.isEmpty, "findings: \(report.findings)")
        try log.close()
        do {
            try open(folder).close()
            throw Failure("a folder that can't be written was opened to write")
        } catch let error as DeltaLogError {
            say("refused: \(error)")
            try check(error == DeltaLogError(.disk, ""), "another error")
        }
        say("ok \(report.count)")
    }

    private static func check(_ holds: Bool, _ what: String) throws {
        guard holds else { throw Failure(what) }
    }
}

private struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Somebody new who writes a straight log.
private struct Author {
    private let signer: KeySigner
    private var head: Head?
    private var time = Timestamp(microseconds: 1_735_689_600_000_000)

    init() throws { signer = KeySigner(try SigningKey.generate()) }

    mutating func batch(_ count: Int, padding: Int) throws -> [AdmittedDelta] {
        let text = Text(String(repeating: "x", count: padding))
        return try (0..<count).map { _ in
            time = time + .milliseconds(1)
            let delta = try SignedDelta(
                pointers: [Pointer("note", entity: "note", targetContext: "text"), Pointer("text", .text(text))],
                after: head.map { [$0] } ?? [],
                timeCreated: time,
                signer: signer
            )
            let held = head.map { [$0.id: DeltaLink(author: signer.publicKey, head: $0)] } ?? [:]
            let verified = try VerifiedDelta.verify(delta).get()
            let arrival = Arrival(timeReceived: time, receivedFrom: nil, trustStatement: nil)
            guard case .admitted(let admitted) = Admission.fit(verified, held: held, arrival: arrival, now: time) else {
                throw Failure("a delta that fits was not admitted")
            }
            head = DeltaLink(delta).head
            return admitted
        }
    }
}
