import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// Step 5: authors with more than one head among what steps 1 and 2 leave don't count where a context refuses them.
@Suite struct ForkedAuthorsTests {
    /// Ann's log: two deltas, then a second history beside the second one, then a merge; bob's is straight.
    private struct Bench {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let first, left, right, merge, bob: AdmittedDelta

        init() async throws {
            first = try maker.delta("ann", Self.name("first"))
            bob = try maker.delta(
                "bob",
                [Pointer("user", entity: "e", targetContext: "age"), Pointer("age", .integer(1))]
            )
            left = try maker.delta("ann", Self.name("left"), after: [first])
            right = try maker.delta("ann", Self.name("right"), after: [first])
            merge = try maker.delta("ann", Self.name("merge"), after: [left, right])
            _ = try await log.append([first, bob, left, right, merge], cursors: [:])
        }

        static func name(_ name: Text) -> [Pointer] {
            [Pointer("user", entity: "e", targetContext: "name"), Pointer("name", .text(name))]
        }

        func view(
            _ perspective: Perspective = Perspective(refusesForked: true)
        ) async throws -> JSONValue? {
            try await EntityReader(log: log, perspective: perspective).entity("e")
                .map { .object($0.properties) }
        }
    }

    @Test("an author counts before the fork and after the merge, and between them not")
    func asOf() async throws {
        let bench = try await Bench()
        for _ in 0..<2 {
            let moments: [(AdmittedDelta, JSONValue)] = [
                (bench.first, ["name": "first"]), (bench.left, ["age": 1, "name": "left"]), (bench.right, ["age": 1]),
                (bench.merge, ["age": 1, "name": "merge"]),
            ]
            for (moment, expected) in moments {
                let time = moment.delta.header.timeCreated
                for asOf in [time, time + 999] {
                    let view = try await bench.view(Perspective(asOf: asOf, refusesForked: true))
                    #expect(view == expected)
                }
            }
            #expect(try await bench.view() == ["age": 1, "name": "merge"])
        }
        let allowed = Perspective(asOf: bench.right.delta.header.timeCreated)
        #expect(try await bench.view(allowed) == ["age": 1, "name": "right"])
    }

    @Test("a fork far from the entity counts as well, and a new one at once")
    func elsewhere() async throws {
        var bench = try await Bench()
        #expect(try await bench.view() == ["age": 1, "name": "merge"])
        let fork = try bench.maker.delta("ann", [Pointer("x", .integer(1))], after: [bench.first])
        _ = try await bench.log.append([fork], cursors: [:])
        #expect(try await bench.view() == ["age": 1])
        let before = Perspective(asOf: bench.merge.delta.header.timeCreated, refusesForked: true)
        #expect(try await bench.view(before) == ["age": 1, "name": "merge"])
    }

    @Test("heads are counted among what trust leaves")
    func kept() async throws {
        let bench = try await Bench()
        let ann = bench.first.delta.author
        for (ids, properties) in [
            ([bench.left], ["age": 1, "name": "left"]), ([bench.left, bench.right], ["age": 1]),
            ([bench.merge], ["age": 1, "name": "merge"]),
        ] as [([AdmittedDelta], JSONValue)] {
            let ids = ids.map(\.delta.id)
            let kept = try await bench.log.ancestry(of: ids, author: ann)
            let perspective = Perspective(refusesForked: true, kept: [ann: ids]) { delta in
                delta.author == ann && !kept.contains(delta.id, sequence: delta.sequence)
            }
            #expect(try await bench.view(perspective) == properties)
        }
    }

    @Test("a forked author's negations and moderation count still, since step 4 comes before step 5")
    func negation() async throws {
        var bench = try await Bench()
        let negation = try bench.maker.delta("ann", .negation(of: bench.bob.delta.id), after: [bench.first])
        _ = try await bench.log.append([negation], cursors: [:])
        #expect(try await bench.view() == ["age": 1])
        let perspective = Perspective(moderators: [bench.first.delta.author], refusesForked: true)
        #expect(try await bench.view(perspective) == nil)
    }

    @Test("the lossless view, lists and histories leave a forked author out too")
    func otherReads() async throws {
        let bench = try await Bench()
        let asOf = bench.right.delta.header.timeCreated
        let reader = EntityReader(log: bench.log, perspective: Perspective(asOf: asOf, refusesForked: true))
        #expect(try await reader.changes(of: "e")?.map(\.property) == ["age"])
        #expect(try await reader.losslessPage("e")?.items.map(\.delta) == [bench.bob.delta.id])
        let without = Perspective(asOf: asOf, without: [bench.bob.delta.author], refusesForked: true)
        #expect(try await EntityReader(log: bench.log, perspective: without).collection("user", count: 1).ids.isEmpty)
    }

    @Test("whose logs part is what the rule says, for random logs and moments")
    func random() async throws {
        try await withSeedAsync { random in
            for _ in 0..<10 {
                var maker = DeltaMaker()
                let log = InMemoryDeltaLog()
                let tangle = try maker.tangle("ann", 30, using: &random)
                _ = try await log.append(tangle, cursors: [:])
                let ann = try maker.author("ann")
                for delta in tangle {
                    let asOf = delta.delta.header.timeCreated
                    let part = tangle.map(\.delta).filter { $0.header.timeCreated <= asOf }
                    let followed = Set(part.flatMap(\.header.previous))
                    let expected = part.count { !followed.contains($0.id) } > 1
                    let perspective = Perspective(asOf: asOf, refusesForked: true)
                    let isForked = try await log.look(from: perspective) { try $0.isRefused(ann) }
                    #expect(isForked == expected, "seed \(random.seed)")
                }
            }
        }
    }
}
