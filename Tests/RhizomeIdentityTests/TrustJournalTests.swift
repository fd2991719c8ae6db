import Bytes
import DeterministicCBOR
import Foundation
import HomeFiles
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeIdentity

private struct JournalCase: Decodable {
    struct Entry: Decodable {
        let did: String
        let action: String
        let name: String?
        let may: [String]?
    }

    let name: String
    let ok: Bool
    let statements: Int?
    let repaired: Bool?
    let at: Int?
    let entries: [Entry]?
    let journal: String
}

@Suite struct TrustJournalTests {
    private let now: Timestamp = 1_735_689_600_000_000

    private func withJournal<Result>(
        _ body: (TrustJournal, Identity, TemporaryFolder) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let home = try Home.open(folder.path)
            let owner = try Identity.generate()
            return try await body(TrustJournal(home: home, owner: owner.publicKey), owner, folder)
        }
    }

    private func contents(_ folder: TemporaryFolder) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder.path("trust.journal"))))
    }

    private func write(_ bytes: [UInt8], _ folder: TemporaryFolder) throws {
        try Data(bytes).write(to: URL(filePath: folder.path("trust.journal")))
    }

    private func code(_ body: () throws -> Void) -> IdentityError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? IdentityError)?.code }
    }

    @Test("the journals of the vectors load, are repaired, or stop at the statement that the vectors name")
    func vectors() async throws {
        let seed = "0b0a230c7c1d3af014c9a645f277c4cee7c440004bd37c569de393432572680f"
        let owner = try #require(try Identity(hexSeed: seed))
        for entry in try TestFiles.cases("journal", as: JournalCase.self) {
            try await withTemporaryFolder { folder in
                try write(try #require(Hex.decode(entry.journal)), folder)
                let journal = TrustJournal(home: try Home.open(folder.path), owner: owner.publicKey)
                guard entry.ok else {
                    let error = #expect(throws: IdentityError.self, "\(entry.name)") { try journal.load() }
                    #expect(error?.statement == entry.at, "\(entry.name)")
                    let isNewer = entry.name.hasPrefix("unknown")
                    #expect(error?.code == (isNewer ? .newerVersion : .brokenJournal), "\(entry.name)")
                    #expect(Hex.encode(try contents(folder)) == entry.journal, "what is refused is never changed")
                    return
                }
                let loaded = try journal.load()
                #expect(loaded.list.count == entry.statements, "\(entry.name)")
                #expect(loaded.wasRepaired == (entry.repaired ?? false), "\(entry.name)")
                for expected in entry.entries ?? [] {
                    let key = try #require(PublicKey(did: expected.did))
                    let found = try #require(loaded.list.entries[key])
                    #expect(found.action.rawValue == expected.action)
                    #expect(found.name == expected.name)
                    if let may = expected.may { #expect(found.may.map(\.rawValue).sorted() == may) }
                }
                #expect(try journal.load().wasRepaired == false)
            }
        }
    }

    @Test("what is appended is there after the next load, and the file's version has changed")
    func appending() async throws {
        try await withJournal { journal, owner, folder in
            let alice = try Identity.generate().publicKey
            let before = journal.version
            #expect(try journal.load().list.count == 0)
            try journal.append(signedBy: owner, now: now) { _ in [.trust(alice, name: "alice")] }
            let after = journal.version
            #expect(after != before)
            let loaded = try journal.load()
            #expect(loaded.version == after)
            #expect(loaded.list.mayAuthor(alice, at: now))
            #expect(
                try FileManager.default.attributesOfItem(atPath: folder.path("trust.journal"))[.posixPermissions]
                    as? Int == 0o600
            )
            // A batch of which one is refused changes nothing.
            let bytes = try contents(folder)
            let bob = try Identity.generate().publicKey
            #expect(
                code {
                    try journal.append(signedBy: owner, now: now) { _ in
                        [.trust(bob, name: "bob"), .trust(alice, name: "bob")]
                    }
                } == .nameTaken
            )
            #expect(try contents(folder) == bytes)
        }
    }

    @Test("a write torn at any byte is repaired to the statement before, and the next one fits")
    func tornWrites() async throws {
        try await withJournal { journal, owner, folder in
            let alice = try Identity.generate().publicKey
            let bob = try Identity.generate().publicKey
            try journal.append(signedBy: owner, now: now) { _ in [.trust(alice, name: "alice")] }
            let first = try contents(folder)
            try journal.append(signedBy: owner, now: now) { _ in [.trust(bob, name: "bob", note: "a note")] }
            let both = try contents(folder)
            for count in first.count + 1..<both.count {
                try write(Array(both.prefix(count)), folder)
                let loaded = try journal.load()
                #expect(loaded.wasRepaired && loaded.list.count == 1, "\(count - first.count) bytes of it")
                #expect(try contents(folder) == first)
            }
            try journal.append(signedBy: owner, now: now) { _ in [.distrust(alice)] }
            #expect(try journal.load().list.count == 2)
        }
    }

    @Test("a last write in place of which there are zeros is refused, with where to cut it off, and never repaired")
    func zeroedWrites() async throws {
        try await withJournal { journal, owner, folder in
            func append(_ name: String) throws -> [UInt8] {
                let peer = try Identity.generate().publicKey
                try journal.append(signedBy: owner, now: now) { _ in [.trust(peer, name: name, note: "a note")] }
                return try contents(folder)
            }
            let first = try append("a")
            let both = try append("b")
            func message(_ bytes: [UInt8], statement: Int) throws -> String {
                try write(bytes, folder)
                let error = #expect(throws: IdentityError.self) { try journal.load() }
                #expect(error?.code == .brokenJournal)
                #expect(error?.statement == statement)
                #expect(try contents(folder) == bytes)
                return error?.message ?? ""
            }
            let told = "truncate -s \(first.count) '\(folder.path("trust.journal"))'"
            // The length of what was written, or of whole blocks of the disk; and some of the content, or none.
            for count in stride(from: first.count, to: both.count - 8, by: 7) {
                for end in [both.count, (count / 4096 + 2) * 4096] {
                    let bytes = both.prefix(count) + [UInt8](repeating: 0, count: end - count)
                    #expect(
                        try message(Array(bytes), statement: 1).contains(told),
                        "\(count - first.count) bytes of it"
                    )
                }
            }
            // What else is wrong is not called so, however many zeros follow: to cut it off could lose what counts.
            let zeros = [UInt8](repeating: 0, count: 100)
            for index in [10, first.count / 2, first.count + 50] {
                // A signature that itself ends with a zero, one of 256, can't be told from one that was cut there.
                if index >= first.count, both.last == 0 { continue }
                var changed = both + zeros
                changed[index] ^= 1
                let number = index < first.count ? 0 : 1
                #expect(try !message(changed, statement: number).contains("truncate"), "byte \(index)")
            }
            #expect(try message(both + [0], statement: 2).contains("byte \(both.count)"))
        }
    }

    @Test("no changed bit is accepted or taken for a torn write, wherever it is")
    func changedBits() async throws {
        try await withJournal { journal, owner, folder in
            let alice = try Identity.generate().publicKey
            for name in ["a", "b", "c"] {
                try journal.append(signedBy: owner, now: now) { _ in [.trust(alice, name: name, note: "some note")] }
            }
            let bytes = try contents(folder)
            let expected = IdentityError(.brokenJournal, "")
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << bit
                    do throws(IdentityError) {
                        let parsed = try TrustJournal.parse(changed, owner: owner.publicKey)
                        Issue.record("byte \(index), bit \(bit): \(parsed.list.count), torn at \(parsed.tornAt ?? -1)")
                    } catch { #expect(error == expected, "byte \(index), bit \(bit)") }
                }
            }
        }
    }

    @Test("deleted, doubled and reordered statements stop the load")
    func rearranged() async throws {
        try await withJournal { journal, owner, folder in
            let alice = try Identity.generate().publicKey
            var pieces: [[UInt8]] = []
            for name in ["a", "b", "c"] {
                let before = pieces.joined().count
                try journal.append(signedBy: owner, now: now) { _ in [.trust(alice, name: name)] }
                pieces.append(Array(try contents(folder).dropFirst(before)))
            }
            for (order, at) in [([1, 2], 0), ([0, 2], 1), ([0, 0, 1, 2], 1), ([0, 2, 1], 1), ([0, 1, 2, 2], 3)] {
                try write(order.flatMap { pieces[$0] }, folder)
                let error = #expect(throws: IdentityError.self) { try journal.load() }
                #expect(error?.code == .brokenJournal)
                #expect(error?.statement == at)
            }
        }
    }

    @Test("the reserved actions are told to be of a newer version", arguments: ["rotate", "device"])
    func reservedActions(action: String) async throws {
        try await withJournal { journal, owner, folder in
            var writer = CBORWriter()
            writer.array(7)
            writer.integer(1)
            writer.integer(0)
            writer.null()
            writer.integer(now.microseconds)
            writer.text(Text(action))
            writer.byteString(try Identity.generate().publicKey.bytes)
            writer.map(0)
            try write(owner.sign(writer.bytes, for: TrustStatement.purpose).encoded, folder)
            #expect(code { _ = try journal.load() } == .newerVersion)
        }
    }

    @Test("a signature for another purpose is none for the journal")
    func otherPurpose() async throws {
        try await withJournal { journal, owner, folder in
            let payload = TrustStatement.payload(
                sequence: 0,
                previous: nil,
                time: now,
                .trust(try Identity.generate().publicKey, name: "a")
            )
            try write(owner.sign(payload, for: SignedStatement.Purpose("rhizome.delta.v1")).encoded, folder)
            #expect(code { _ = try journal.load() } == .brokenJournal)
        }
    }

    @Test("a journal that lacks the last statement the node applied is refused; a longer one is not")
    func witness() async throws {
        try await withJournal { journal, owner, folder in
            let alice = try Identity.generate().publicKey
            #expect(try journal.witness() == nil)
            try journal.recordSeen(TrustList(owner: owner.publicKey))
            #expect(try journal.witness() == Bytes32(repeating: 0))
            #expect(try journal.loadWitnessed().list.count == 0)
            try journal.append(signedBy: owner, now: now) { _ in [.trust(alice, name: "alice")] }
            let short = try contents(folder)
            try journal.append(signedBy: owner, now: now) { _ in [.distrust(alice)] }
            let loaded = try journal.loadWitnessed()
            try journal.recordSeen(loaded.list)
            #expect(try journal.witness() == loaded.list.head)
            let seen = try Data(contentsOf: URL(filePath: folder.path("data/trust.seen")))
            #expect(Array(seen) == loaded.list.head?.array)
            try journal.append(signedBy: owner, now: now) { _ in [.distrust(alice, reason: "again")] }
            #expect(try journal.loadWitnessed().list.count == 3)
            try write(short, folder)
            #expect(code { _ = try journal.loadWitnessed() } == .cutJournal)
            #expect(try journal.load().list.count == 1)
            try FileManager.default.removeItem(atPath: folder.path("trust.journal"))
            #expect(code { _ = try journal.loadWitnessed() } == .cutJournal)
            try Data([1, 2]).write(to: URL(filePath: folder.path("data/trust.seen")))
            #expect(code { _ = try journal.loadWitnessed() } == .malformedFile)
            #expect(try (journal.doubt(about: journal.load().list) as? IdentityError)?.code == .malformedFile)
            // Whoever accepts the journal as it is goes on from there.
            try journal.recordSeen(journal.load().list)
            #expect(try journal.loadWitnessed().list.count == 0)
        }
    }

    @Test("a home with a store and no witness is refused, unless the store is known to be empty")
    func missingWitness() async throws {
        try await withJournal { journal, owner, folder in
            try journal.append(signedBy: owner, now: now) { _ in
                [.trust(try Identity.generate().publicKey, name: "alice")]
            }
            #expect(try journal.loadWitnessed().list.count == 1, "a home of which no data was restored")
            let home = try Home.open(folder.path)
            try home.data(creating: true).create("store.sqlite", [])
            #expect(code { _ = try journal.loadWitnessed() } == .missingWitness)
            #expect(try (journal.doubt(about: journal.load().list) as? IdentityError)?.code == .missingWitness)
            #expect(try journal.loadWitnessed(isWitnessNeeded: false).list.count == 1)
            try journal.recordSeen(journal.load().list)
            #expect(try journal.loadWitnessed().list.count == 1)
            #expect(try journal.doubt(about: journal.load().list) == nil)
        }
    }

    @Test("fifty writers at once, each opening the files anew, all get their statement in")
    func concurrentWriters() async throws {
        try await withJournal { journal, owner, folder in
            try await withThrowingTaskGroup { group in
                for number in 0..<50 {
                    let path = folder.path
                    group.addTask { @concurrent in
                        let journal = TrustJournal(home: try Home.open(path), owner: owner.publicKey)
                        let peer = try Identity.generate().publicKey
                        try journal.append(signedBy: owner, now: now) { _ in [.trust(peer, name: "peer\(number)")] }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try journal.load().list.entriesByName.count == 50)
        }
    }
}
