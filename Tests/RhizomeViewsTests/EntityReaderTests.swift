import Bytes
import Locks
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@Suite struct EntityReaderTests {
    private static let entities: [Text] = ["e", "f", "g"]

    @Test("what is looked up of an entity gives the same view as all deltas")
    func completeness() async throws {
        var random = SeededGenerator()
        for _ in 0..<40 {
            let log = InMemoryDeltaLog()
            let deltas = try RandomHistory.deltas(about: Self.entities, using: &random)
            _ = try await log.append(deltas, cursors: [:])
            let all = deltas.map { ViewedDelta($0.delta) }
            let times = all.map(\.timeCreated)
            for perspective in [
                Perspective(), Perspective(moderators: [try TestAuthors.signer("mod").publicKey]),
                Perspective(moderators: Set(try ["mod", "bob"].map { try TestAuthors.signer($0).publicKey })),
                Perspective(asOf: times.randomElement(using: &random)),
            ] {
                let expected = VisibleDeltas(among: all, seenAs: perspective)
                for entity in Self.entities + ["T", "U"] {
                    let reader = EntityReader(log: log, perspective: perspective)
                    let visible = try await reader.visibleDeltas(about: [entity])
                    #expect(
                        visible.deltas(about: entity).map(\.id) == expected.deltas(about: entity).map(\.id),
                        "\(random.seed)"
                    )
                    #expect(visible.isComplete(entity) == expected.isComplete(entity), "\(random.seed)")
                    #expect(try await reader.entity(entity) == EntityView(of: entity, in: expected))
                    #expect(try await reader.changes(of: entity) == expected.changes(of: entity))
                }
                let together = try await EntityReader(log: log, perspective: perspective)
                    .visibleDeltas(about: Self.entities)
                for entity in Self.entities {
                    #expect(
                        together.deltas(about: entity).map(\.id) == expected.deltas(about: entity).map(\.id),
                        "\(random.seed)"
                    )
                }
            }
        }
    }

    @Test("the rest of a transaction that comes while it is read shows nothing of it yet")
    func snapshot() async throws {
        var maker = DeltaMaker()
        let size = try maker.delta("ann", .transaction("T", size: 2))
        let name = try maker.delta("ann", member(of: "T", "name", .text("Ann")), after: [size])
        let age = try maker.delta("ann", member(of: "T", "age", .integer(30)), after: [name])
        let log = InMemoryDeltaLog()
        _ = try await log.append([size, name], cursors: [:])
        // The entity's state has been looked at, with `name` alone, before the answer is there.
        let answers = Lock(0)
        let watched = WatchedLog(log) {
            let count = answers.withLock { count in
                count += 1
                return count
            }
            if count == 1 { _ = try await log.append([age], cursors: [:]) }
        }
        #expect(try await EntityReader(log: watched).entity("e") == nil)
        #expect(try await log.count() == 3)
        let entity = try #require(await EntityReader(log: log).entity("e"))
        #expect(entity.json.description == #"{"id":"e","properties":{"age":30,"name":"Ann"}}"#)
    }

    @Test("a chain of 2,000 negations is followed to its end")
    func chain() async throws {
        var maker = DeltaMaker()
        var deltas = [try maker.delta("ann", write("e", "name", .text("Ann")))]
        for _ in 0..<2_000 {
            guard let last = deltas.last else { continue }
            deltas.append(try maker.delta("ann", .negation(of: last.delta.id), after: [last]))
        }
        let log = InMemoryDeltaLog()
        _ = try await log.append(deltas.dropLast(), cursors: [:])
        #expect(try await EntityReader(log: log).entity("e") == nil)
        _ = try await log.append(deltas.suffix(1), cursors: [:])
        #expect(try await EntityReader(log: log).entity("e") != nil)
    }

    @Test("a reader that is cancelled stops")
    func cancellation() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        _ = try await log.append([try maker.delta("ann", write("e", "p", .null))], cursors: [:])
        let watched = WatchedLog(log) { try? await Task.sleep(for: .seconds(3_600)) }
        let reading = Task { try await EntityReader(log: watched).entity("e") }
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
    }

    @Test("a collection lists what is visibly referenced under its name, by id bytes, whole or in pages")
    func collection() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        var expected: [Text] = []
        for index in 0..<600 {
            let id = Text(index.isMultiple(of: 2) ? "\u{e9}\(index)" : "e\u{301}\(index)")
            let delta = try maker.delta("\(index % 7)", write(id, "name", .integer(1)))
            _ = try await log.append([delta], cursors: [:])
            if index.isMultiple(of: 3) {
                _ = try await log.append(
                    [try maker.delta("\(index % 7)", .negation(of: delta.delta.id), after: [delta])],
                    cursors: [:]
                )
            } else {
                expected.append(id)
            }
        }
        // A name without a target context makes no reference, another name another collection.
        _ = try await log.append([try maker.delta("x", [Pointer("user", .text("value"))])], cursors: [:])
        _ = try await log.append(
            [try maker.delta("y", [Pointer("users", entity: "other", targetContext: "name")])],
            cursors: [:]
        )
        expected.sort()
        let reader = EntityReader(log: log)
        #expect(try await reader.collection("user", count: 1_000) == CollectionPage(ids: expected, hasMore: false))
        #expect(try await reader.collection("users", count: 1).ids == ["other"])
        #expect(try await reader.collection("film", count: 1) == CollectionPage(ids: [], hasMore: false))
        for count in [1, 7, 256, 400] {
            var ids: [Text] = []
            var hasMore = true
            while hasMore, ids.count < (count == 1 ? 20 : 1_000) {
                let page = try await reader.collection("user", after: ids.last, count: count)
                #expect(page.ids.count == count || !page.hasMore)
                ids += page.ids
                hasMore = page.hasMore
            }
            #expect(ids == Array(expected.prefix(ids.count)))
        }
        #expect(try await reader.collection("user", count: 400) == CollectionPage(ids: expected, hasMore: false))
    }

    @Test("of a collection's entities those without a value are left out where that is asked for")
    func valued() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        for (index, value) in [Value.integer(1), .null, .text(""), .null, .integer(2)].enumerated() {
            let delta = try maker.delta("ann", write(Text("u\(index)"), "name", value))
            _ = try await log.append([delta], cursors: [:])
        }
        let reader = EntityReader(log: log)
        #expect(try await reader.collection("user", count: 9).ids == ["u0", "u1", "u2", "u3", "u4"])
        let first = try await reader.collection("user", count: 2, .withValues)
        #expect(first == CollectionPage(ids: ["u0", "u2"], hasMore: true))
        let second = try await reader.collection("user", after: "u2", count: 2, .withValues)
        #expect(second == CollectionPage(ids: ["u4"], hasMore: false))
    }

    // MARK: - Deltas

    private func write(_ entity: Text, _ property: Text, _ value: Value) -> [Pointer] {
        [Pointer("user", entity: entity, targetContext: property), Pointer(property, value)]
    }

    private func member(of transaction: Text, _ property: Text, _ value: Value) -> [Pointer] {
        [Pointer("_transaction", entity: transaction, targetContext: "deltas")] + write("e", property, value)
    }
}
