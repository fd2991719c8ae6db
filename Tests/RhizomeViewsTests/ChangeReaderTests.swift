import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// What a stretch of the log changed is what differs between the views before and after it.
@Suite struct ChangeReaderTests {
    private static let entities: [Text] = ["e", "f", "g"]

    /// The members of a collection by their views, computed from all that was held up to a position.
    private static func members(
        of collection: Text,
        _ log: InMemoryDeltaLog,
        upTo position: Int64,
        _ perspective: Perspective
    ) async throws -> [Text: EntityView] {
        let deltas = try await log.deltas(after: 0, limit: Int(position)).map { ViewedDelta($0.delta) }
        let visible = VisibleDeltas(among: deltas, seenAs: perspective)
        var members: [Text: EntityView] = [:]
        for entity in entities where visible.isVisible(entity, referencedAs: collection) {
            let view = EntityView(of: entity, in: visible)
            if view?.hasValues == true { members[entity] = view }
        }
        return members
    }

    @Test(
        "over random histories, however they are cut, each entity that differs is told, once, and no other",
        // In the first a moderator's negation stopped to count, since what else it negates came.
        arguments: [13_968_357_690_122_487_156, nil] as [UInt64?]
    )
    func histories(seed: UInt64?) async throws {
        let moderators = try (seed == nil ? ["mod", "bob"] : ["mod"]).map { try TestAuthors.signer($0).publicKey }
        try await withSeedAsync(seed) { random in
            let perspectives = [Perspective(), Perspective(moderators: Set(moderators))]
            for _ in 0..<80 {
                let perspective = try #require(perspectives.randomElement(using: &random))
                let log = InMemoryDeltaLog()
                let reader = ChangeReader(log: log, perspective: perspective)
                var deltas = try RandomHistory.deltas(
                    about: Self.entities,
                    inSeveral: seed == nil,
                    using: &random
                ).shuffled(using: &random)[...]
                var position: Int64 = 0
                var before: [Text: EntityView] = [:]
                while !deltas.isEmpty {
                    let batch = deltas.prefix(Int.random(in: 1...5, using: &random))
                    deltas.removeFirst(batch.count)
                    _ = try await log.append(Array(batch), cursors: [:])
                    let page = try await reader.changes(in: "user", after: position)
                    position = page.position
                    #expect(try await log.count() == position)
                    let after = try await Self.members(of: "user", log, upTo: position, perspective)
                    let expected = Self.entities.filter { before[$0] != after[$0] }
                    let seed: Comment = "RHIZOME_TEST_SEED=\(random.seed)"
                    #expect(page.changes.map(\.id).sorted() == expected, seed)
                    for change in page.changes {
                        #expect(change.before == before[change.id], seed)
                        #expect(change.after == after[change.id], seed)
                    }
                    before = after
                }
                // All at once gives the same end.
                let whole = try await reader.changes(in: "user", after: 0)
                #expect(
                    Dictionary(uniqueKeysWithValues: whole.changes.map { ($0.id, $0.after) })
                        == before.mapValues { .some($0) }
                )
                #expect(whole.changes.allSatisfy { $0.before == nil })
            }
        }
    }

    @Test("an author's own delta that comes late puts out of view what its negation takes back besides")
    func withdrawal() async throws {
        let log = InMemoryDeltaLog()
        let moderators = try ["mod", "bob"].map { try TestAuthors.signer($0).publicKey }
        let reader = ChangeReader(log: log, perspective: Perspective(moderators: Set(moderators)))
        var maker = DeltaMaker()
        let write = try maker.delta(
            "ann",
            [Pointer("user", entity: "e", targetContext: "name"), Pointer("name", .text("Ann"))]
        )
        // Two members of bob's, who takes one of them back together with what ann wrote.
        let first = try maker.delta("bob", [Pointer("_transaction", entity: "T", targetContext: "deltas")])
        let second = try maker.delta("bob", [Pointer("_transaction", entity: "T", targetContext: "deltas")])
        let size = try maker.delta("bob", .transaction("T", size: 2))
        let negation = try maker.delta("bob", .negation(of: write.delta.id) + .negation(of: first.delta.id))
        let moderation = try maker.delta("mod", .negation(of: negation.delta.id))
        _ = try await log.append([write, first, size, negation, moderation], cursors: [:])
        let before = try await reader.changes(in: "user", after: 0)
        #expect(before.changes.map { $0.after?.properties["name"] } == ["Ann"])
        // With the transaction it shows that bob negated a delta of his own: nobody else takes that back.
        _ = try await log.append([second], cursors: [:])
        let after = try await reader.changes(in: "user", after: before.position)
        #expect(after.changes.map(\.id) == ["e"])
        #expect(after.changes.first?.after == nil)
    }

    @Test("a stretch without deltas has no end of its own, and one that is long is read in pages")
    func pages() async throws {
        let log = InMemoryDeltaLog()
        let reader = ChangeReader(log: log)
        let empty = try await reader.changes(in: "user", after: 0)
        #expect(empty.changes.isEmpty && empty.position == 0)
        var maker = DeltaMaker()
        var batch: [AdmittedDelta] = []
        for number in 0..<1_100 {
            let pointers = [
                Pointer("user", entity: Text("u\(number % 7)"), targetContext: "n"),
                Pointer("n", .integer(Int64(number))),
            ]
            batch.append(try maker.delta("ann", pointers))
        }
        _ = try await log.append(batch, cursors: [:])
        let first = try await reader.changes(in: "user", after: 0)
        #expect((1_000..<1_100).contains(first.position))
        #expect(first.changes.map(\.id) == (0..<7).map { Text("u\($0)") })
        #expect(first.changes.first?.after?.properties["n"]?.integer.map { $0 < first.position } == true)
        let second = try await reader.changes(in: "user", after: first.position)
        #expect(second.position == 1_100)
        #expect(second.changes.count == 7)
        #expect(second.changes.allSatisfy { $0.before != nil })
    }

    @Test("other collections cost a look-up, and entities of others nothing")
    func others() async throws {
        let memory = InMemoryDeltaLog()
        let log = WatchedLog(memory)
        var maker = DeltaMaker()
        func write(_ collection: Text, _ id: Text, _ value: Int64) throws -> AdmittedDelta {
            try maker.delta(
                "ann",
                [Pointer(collection, entity: id, targetContext: "n"), Pointer("n", .integer(value))]
            )
        }
        _ = try await memory.append(
            [
                try write("user", "large", 1), try write("user", "large", 2), try write("user", "large", 3),
                try write("user", "small", 1), try write("film", "other", 1),
            ],
            cursors: [:]
        )
        let none = try await ChangeReader(log: log).changes(in: "book", after: 0)
        #expect(none.changes.isEmpty && none.position == 5)
        // Before and after: that nothing stands in this collection.
        #expect(log.rowsRead.filter { $0 > 0 } == [2])
        let some = try await ChangeReader(log: log).changes(in: "user", after: 0)
        #expect(some.changes.map(\.id) == ["large", "small"])
        #expect(some.changes.last?.after?.properties["n"] == 1)
        #expect(log.rowsRead.count { $0 > 0 } == 2)
    }
}
