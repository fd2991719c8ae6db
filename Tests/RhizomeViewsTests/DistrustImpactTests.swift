import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

@Suite struct DistrustImpactTests {
    private static let entities: [Text] = ["e", "f", "g", "T", "U"]

    private struct Told: Hashable {
        let entity: Text
        let change: EntityDifference.Change
    }

    private static func impact(_ impact: DistrustImpact) async throws -> (told: [Told], vanished: [Text], seen: [Text])
    {
        var impact = impact
        var told: [Told] = []
        var vanished: [Text] = []
        var seen: [Text] = []
        while let (entity, count, vanishes) = try await impact.next({ told.append(Told(entity: $0, change: $1)) }) {
            #expect(count == told.count { $0.entity == entity })
            if vanishes { vanished.append(entity) }
            seen.append(entity)
        }
        return (told, vanished, seen)
    }

    @Test("what would change is what differs between all views before and after, and nothing else is looked at")
    func everything() async throws {
        try await withSeedAsync { random in
            for _ in 0..<30 {
                let log = InMemoryDeltaLog()
                let deltas = try RandomHistory.deltas(about: Self.entities.dropLast(2), isChained: true, using: &random)
                _ = try await log.append(deltas, cursors: [:])
                let author = try TestAuthors.signer(["ann", "bob", "mod"].randomElement(using: &random) ?? "").publicKey
                let own = deltas.filter { $0.delta.author == author }.map(\.delta.id)
                let keep: Keep = Bool.random(using: &random) ? .none : .ids(own.prefix(1).map(\.bytes))
                let now = Exclusion(number: 0, isExcluded: { _ in false }, share: { _ in .all })
                let then = try await now.distrusting(author, keep: keep, in: log)
                let (told, vanished, seen) = try await Self.impact(
                    DistrustImpact(of: author, in: log, now: now, then: then)
                )
                var expected: Set<Told> = []
                for entity in Self.entities {
                    let before = try await EntityReader(log: log, perspective: Perspective(without: now)).entity(entity)
                    let after = try await EntityReader(log: log, perspective: Perspective(without: then)).entity(entity)
                    for name in ["name", "age", "deltas", "size"] as [Text] {
                        let (old, new) = (before?.properties[name], after?.properties[name])
                        guard old != new else { continue }
                        let change = EntityDifference.Change(property: name, before: old, after: new)
                        expected.insert(Told(entity: entity, change: change))
                    }
                    #expect(vanished.contains(entity) == (before != nil && after == nil), "seed \(random.seed)")
                }
                #expect(Set(told) == expected && told.count == expected.count, "seed \(random.seed)")
                #expect(seen == seen.sorted() && Set(seen).count == seen.count)
                // Going on behind an entity tells the rest.
                guard let middle = seen.dropLast().randomElement(using: &random) else { continue }
                let rest = try await Self.impact(
                    DistrustImpact(of: author, in: log, now: now, then: then, after: middle)
                )
                #expect(rest.told == told.filter { $0.entity > middle }, "seed \(random.seed)")
            }
        }
    }

    @Test("by keep all nothing changes, and of an author of whom nothing is held nothing is looked at")
    func nothing() async throws {
        let log = InMemoryDeltaLog()
        var maker = DeltaMaker()
        let pointers = [Pointer("user", entity: "e", targetContext: "name"), Pointer("name", .text("Ann"))]
        _ = try await log.append([try maker.delta("ann", pointers)], cursors: [:])
        let now = Exclusion(number: 0, isExcluded: { _ in false }, share: { _ in .all })
        let ann = try TestAuthors.signer("ann").publicKey
        let all = try await now.distrusting(ann, keep: .all, in: log)
        let kept = try await Self.impact(DistrustImpact(of: ann, in: log, now: now, then: all))
        #expect(kept.told.isEmpty && kept.seen == ["e"])
        let bob = try TestAuthors.signer("bob").publicKey
        let none = try await now.distrusting(bob, keep: .none, in: log)
        let other = try await Self.impact(DistrustImpact(of: bob, in: log, now: now, then: none))
        #expect(other.seen.isEmpty)
    }
}
