import Bytes
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import SignedStatements
import Testing

/// What finds deltas decides about nobody: who signed what say the signed headers alone.
@Suite struct StoreLookUpTests {
    /// A store in which a bit of bob's key is another one in a table or index, and bob's last delta.
    private static func withWrongKey(
        in object: String,
        _ body: (_ log: SQLiteDeltaLog, _ last: SignedDelta) async throws -> Void
    ) async throws {
        try await StoreAuditTests.withStore { data in
            var maker = DeltaMaker()
            let bob = try maker.author("bob")
            try StoreIndexTests.flip(bob.bytes.array, of: object, data)
            #expect(try await StoreIndexTests.codes(data).contains(.database))
            let log = try StoreOpeningTests.open(data)
            let deltas = try await log.deltas(after: 0, limit: 100).map(\.delta)
            try await body(log, try #require(deltas.last { $0.author == bob }))
            try log.close()
        }
    }

    private static func request(_ want: SignedDelta, of author: PublicKey) -> PullRequest {
        PullRequest(author: author, want: [want.id], have: [], after: nil, maximumBytes: 1 << 20)
    }

    private static func next(_ label: String, after last: SignedDelta) throws -> AdmittedDelta {
        let next = try SignedDelta(
            pointers: [Pointer("a", .null)],
            after: [DeltaLink(last).head],
            timeCreated: last.header.timeCreated + 1,
            signer: try TestAuthors.signer(label)
        )
        let arrival = Arrival(timeReceived: next.header.timeCreated, receivedFrom: nil, trustStatement: nil)
        return try next.admitted(after: [last.id: last], arrival: arrival)
    }

    @Test("a wrong key in the table of authors is found, and has nobody's deltas refused or held back")
    func wrongKey() async throws {
        try await Self.withWrongKey(in: "authors") { log, last in
            #expect(try await log.links(of: [last.id]) == [last.id: DeltaLink(last)])
            #expect(try await log.pull(Self.request(last, of: last.author)).deltas.count == 10)
            let next = try Self.next("bob", after: last)
            #expect(try await log.append([next], cursors: [:]).map(\.position) == [41])
        }
    }

    @Test("a key that the index of authors doesn't find is told as damage: the author wrote something")
    func lostKey() async throws {
        try await Self.withWrongKey(in: "sqlite_autoindex_authors_1") { log, last in
            await #expect(throws: DeltaLogError(.corrupt, "")) {
                try await log.pull(Self.request(last, of: last.author))
            }
            var maker = DeltaMaker()
            let dave = try maker.author("dave")
            #expect(try await log.pull(Self.request(last, of: dave)).deltas.isEmpty, "another's deltas aren't dave's")
        }
    }

    @Test("a delta that is filed under another author is told as damage, and nothing is written after it")
    func wrongAuthor() async throws {
        try await StoreAuditTests.withStore { data in
            try StoreAuditTests.change(data, ["UPDATE deltas SET author = 1 WHERE position = 40"])
            let log = try StoreOpeningTests.open(data)
            let last = try #require(try await log.deltas(after: 39, limit: 1).first).delta
            #expect(try await log.links(of: [last.id]) == [last.id: DeltaLink(last)])
            await #expect(throws: DeltaLogError(.corrupt, "")) {
                try await log.pull(Self.request(last, of: last.author))
            }
            let next = try Self.next("carol", after: last)
            await #expect(throws: DeltaLogError(.corrupt, "")) { try await log.append([next], cursors: [:]) }
            try log.close()
        }
    }

    @Test("a stored header that isn't that of its id says nothing about its author")
    func wrongHeader() async throws {
        try await StoreAuditTests.withStore { data in
            let log = try StoreOpeningTests.open(data)
            let last = try #require(try await log.deltas(after: 39, limit: 1).first).delta
            let other = try #require(try await log.deltas(after: 24, limit: 1).first).delta
            try log.close()
            #expect(last.author != other.author)
            let header = "(SELECT header FROM deltas WHERE position = 25)"
            try StoreAuditTests.change(data, ["UPDATE deltas SET header = \(header) WHERE position = 40"])
            let damaged = try StoreOpeningTests.open(data)
            await #expect(throws: DeltaLogError(.corrupt, "")) { try await damaged.links(of: [last.id]) }
            try damaged.close()
        }
    }

    @Test("a table can't tell of a fork that nobody signed")
    func fakeFork() async throws {
        try await StoreAuditTests.withStore { data in
            var maker = DeltaMaker()
            let bob = try maker.author("bob")
            // A second first, and a second delta after the first.
            let fakes = [
                "UPDATE branches SET firstSequence = 0 WHERE author = 2",
                "INSERT INTO branches VALUES (2, 1, 0, 3, 25, 0)",
                "INSERT INTO logs SELECT author, 0, position, 1 FROM deltas WHERE author = 2 AND sequence = 3",
            ]
            try StoreAuditTests.change(data, fakes)
            let log = try StoreOpeningTests.open(data)
            await #expect(throws: DeltaLogError(.corrupt, "")) { try await log.forks(of: bob, limit: 10) }
            try log.close()
            #expect(try await StoreIndexTests.codes(data) == [.index])
        }
    }

    @Test(
        "numbers that no log has trap nothing, and whatever reads them ends",
        .timeLimit(.minutes(2)),
        arguments: [
            "UPDATE branches SET lastSequence = -1", "UPDATE branches SET firstSequence = lastSequence + 1",
            "UPDATE branches SET lastSequence = 9223372036854775807, firstSequence = 0",
            "UPDATE deltas SET sequence = 1 << 40", "UPDATE deltas SET sequence = 1 << 63",
            "UPDATE crossings SET childSequence = 1 << 63", "UPDATE crossings SET parentSequence = 1 << 62",
            "UPDATE crossings SET parentSequence = childSequence", "UPDATE logs SET sequence = sequence - 1",
            "UPDATE authors SET branchCount = 9223372036854775807, count = 9223372036854775807",
            "UPDATE authors SET author = 9223372036854775807 WHERE author = 3",
            "UPDATE store SET count = 9223372036854775807",
        ]
    )
    func numbers(_ change: String) async throws {
        try await StoreAuditTests.withStore { data in
            try StoreAuditTests.change(data, [change])
            // Each may throw; none of them may trap or go on for ever.
            do {
                let log = try StoreOpeningTests.open(data)
                for label in ["alice", "bob", "dave"] { await Self.ask(log, of: label) }
                try log.close()
            } catch let error as DeltaLogError {
                #expect(error == DeltaLogError(.corrupt, ""))
            }
            if let log = try? SQLiteDeltaLog.openForReading(folder: data, version: "1", now: 0) {
                #expect(try await !log.audit().findings.isEmpty)
                try log.close()
            }
        }
    }

    /// Asks for all that walks along a log, and writes to it.
    private static func ask(_ log: SQLiteDeltaLog, of label: String) async {
        var maker = DeltaMaker()
        guard let author = try? maker.author(label) else { return }
        let held = (try? await log.deltas(after: 0, limit: 100).map(\.delta).filter { $0.author == author }) ?? []
        let ids = held.map(\.id)
        _ = try? await log.heads(of: author)
        _ = try? await log.heads(of: author, upTo: held.first?.header.timeCreated, within: nil, limit: 9)
        _ = try? await log.heads(of: author, upTo: held.last?.header.timeCreated, within: ids, limit: 9)
        _ = try? await log.locators(of: author)
        _ = try? await log.forks(of: author, limit: 9)
        _ = try? await log.ancestry(of: ids, author: author)
        for have in [[], Array(ids.prefix(3))] {
            _ = try? await log.pull(
                PullRequest(author: author, want: ids, have: have, after: nil, maximumBytes: 1 << 20)
            )
        }
        guard let next = try? held.last.map({ try Self.next(label, after: $0) }) ?? maker.delta(label) else { return }
        _ = try? await log.append([next], cursors: [:])
    }

    @Test("heads that a table hides are told as damage, since to write without them would make a fork")
    func hiddenHeads() async throws {
        try await StoreAuditTests.withStore { data in
            try StoreAuditTests.change(data, ["UPDATE branches SET isHead = 0 WHERE author = 2"])
            #expect(try await StoreIndexTests.codes(data) == [.index])
            var maker = DeltaMaker()
            let log = try StoreOpeningTests.open(data)
            let (bob, carol) = (try maker.author("bob"), try maker.author("carol"))
            await #expect(throws: DeltaLogError(.corrupt, "")) { try await log.heads(of: bob) }
            #expect(try await log.heads(of: carol).count == 1)
            try log.close()
        }
    }
}
