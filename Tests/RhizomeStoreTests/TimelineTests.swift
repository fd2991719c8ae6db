import Bytes
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@Suite struct TimelineTests {
    /// The deltas of a timeline, one by one.
    private func ids(_ state: StoreState, _ query: Timeline.Query) async throws -> [DeltaID] {
        var ids: [DeltaID] = []
        for try await delta in state.timeline(query) { ids.append(delta.id) }
        return ids
    }

    /// The same, by looking at each.
    private func expected(_ deltas: [StoredDelta], _ query: Timeline.Query) -> [DeltaID] {
        let asked = deltas.filter { stored in
            let time = stored.delta.header.timeCreated
            return query.author.map { $0 == stored.delta.author } ?? true
                && query.entity.map { entity in stored.delta.body.references.contains { $0.entity == entity } } ?? true
                && query.since.map { time >= $0 } ?? true && query.until.map { time <= $0 } ?? true
        }
        // Of one moment they come by the first bits of their ids, then by position.
        func word(_ stored: StoredDelta) -> Word {
            Word(moment: WordMoment(time: stored.delta.header.timeCreated, id: stored.id), position: stored.position)
        }
        let sorted = asked.sorted { word($0) < word($1) }.map(\.id)
        return query.isReversed ? sorted : sorted.reversed()
    }

    @Test("deltas come in the order of their times, of logs that fork and merge, by any author, entity and span")
    func order() async throws {
        try await withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 7)
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            var batch = try RandomHistory.deltas(about: ["e", "f"], isChained: true, using: &generator)
            for label in ["tangled", "wild"] { batch += try maker.tangle(label, 150, using: &generator) }
            batch += try maker.chain("straight", 300)
            var stored: [StoredDelta] = []
            for part in 0..<3 {
                let rows = batch.count / 3
                let end = part == 2 ? batch.count : (part + 1) * rows
                stored += try await log.append(Array(batch[part * rows..<end]), cursors: [:])
            }
            let state = try await log.state()
            // What comes later isn't of this state.
            _ = try await log.append(try maker.chain("late", 20), cursors: [:])
            let times = stored.map(\.delta.header.timeCreated).sorted()
            let authors: [PublicKey?] = [nil] + Array(Set(stored.map(\.delta.author)))
            for author in authors {
                for entity in [nil, "e", "f", "nothing"] as [Text?] {
                    for isReversed in [false, true] {
                        var query = Timeline.Query()
                        query.author = author
                        query.entity = entity
                        query.isReversed = isReversed
                        #expect(try await ids(state, query) == expected(stored, query))
                        for _ in 0..<4 {
                            query.since = Bool.random(using: &generator) ? times.randomElement(using: &generator) : nil
                            query.until = Bool.random(using: &generator) ? times.randomElement(using: &generator) : nil
                            #expect(try await ids(state, query) == expected(stored, query), "\(query)")
                        }
                    }
                }
            }
            try log.close()
        }
    }

    @Test("a log that forked wildly is told of in order too, some hundred branches at a time")
    func wild() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            let firsts = try (0..<1_200).map { _ in try maker.delta("wild") }
            let stored = try await log.append(firsts, cursors: [:])
            var query = Timeline.Query()
            query.until = stored[1_000].delta.header.timeCreated
            #expect(try await ids(log.state(), query) == expected(stored, query))
            query.isReversed = true
            #expect(try await ids(log.state(), query) == expected(stored, query))
            try log.close()
        }
    }

    @Test("what is read of a state stays the same, whatever comes meanwhile")
    func consistency() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            func said(_ id: Text, _ name: Text, after previous: [AdmittedDelta]) throws -> AdmittedDelta {
                try maker.delta(
                    "alice",
                    [Pointer("user", entity: id, targetContext: "name"), Pointer("name", .text(name))],
                    after: previous
                )
            }
            let first = try said("u1", "Gwion", after: [])
            _ = try await log.append([first], cursors: [:])
            let state = try await log.state()
            let reader = EntityReader(log: state)
            let second = try said("u1", "Taliesin", after: [first])
            let third = try said("u2", "Ceridwen", after: [second])
            let film = try maker.delta(
                "alice",
                [Pointer("film", entity: "f1", targetContext: "title"), Pointer("title", .text("Excalibur"))],
                after: [third]
            )
            let negation = try maker.delta("alice", .negation(of: first.delta.id), after: [film])
            _ = try await log.append([second, third, film, negation], cursors: [:])
            #expect(state.position == 1)
            #expect(try await state.deltas(after: 0, limit: 9).map(\.id) == [first.delta.id])
            #expect(try await reader.value(of: "name", of: "u1") == "Gwion")
            #expect(try await reader.parts(of: "u1")?.first.properties["name"] == "Gwion")
            #expect(try await reader.parts(of: "u2") == nil)
            #expect(try await reader.collection("user", count: 9).ids == ["u1"])
            var collections: [Text] = []
            try await reader.forEachCollection { names in
                collections += names
                return true
            }
            #expect(collections == ["user"])
            let standing = try #require(try await reader.standing(of: first.delta.id))
            #expect(standing.isInForce && standing.negations.isEmpty)
            #expect(try await reader.standing(of: second.delta.id) == nil)
            let now = try #require(try await EntityReader(log: log.state()).standing(of: first.delta.id))
            #expect(now.isNegated && !now.isInForce && now.negations.map(\.id) == [negation.delta.id])
            try log.close()
        }
    }

    @Test("an id is found by its first digits, and several where several begin alike")
    func prefixes() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            let ids = try await log.append(try maker.chain("alice", 300), cursors: [:]).map(\.id)
            for id in ids {
                let text = id.description
                for count in [4, 5, 15, 16, 17, 63, 64] {
                    let digits = String(text.prefix(count))
                    let alike = ids.filter { $0.description.hasPrefix(digits) }.sorted()
                    #expect(try await log.ids(beginningWith: digits, limit: 9) == alike)
                }
            }
            #expect(try await log.ids(beginningWith: "xyzw", limit: 9).isEmpty)
            try log.close()
        }
    }
}
