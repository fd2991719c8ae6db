import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@Suite struct EntityViewTests {
    private func value(_ pointers: [Pointer], of property: Text = "p", entity: Text = "e") -> Value? {
        Fixture.delta("d", at: 1, pointers).value(of: property, entity: entity)
    }

    @Test("a property's value is the target of the first pointer whose local context it is")
    func valueRule() {
        let about = Pointer("user", entity: "e", targetContext: "p")
        #expect(value([about, Pointer("p", .integer(1)), Pointer("p", .integer(2))]) == .integer(1))
        #expect(value([Pointer("p", .null), about, Pointer("p", .integer(2))]) == .null)
        #expect(value([about, Pointer("P", .integer(1))]) == nil)
        #expect(value([about, Pointer("p", entity: "other", targetContext: "q")]) == .text("other"))
        #expect(value([about, Pointer("p", entity: "e", targetContext: "q")]) == .text("e"))
        #expect(value([about, Pointer("p", entity: "other", targetContext: "p")]) == .text("other"))
    }

    @Test("a property may be called as its collection")
    func sameName() {
        let about = Pointer("p", entity: "e", targetContext: "p")
        #expect(value([about, Pointer("p", .integer(1))]) == .integer(1))
        #expect(value([about, about]) == nil)
        #expect(value([about, about, Pointer("p", .text("x"))]) == .text("x"))
    }

    @Test("names that only look alike are different properties")
    func canonicalEquivalence() {
        let deltas = [
            Fixture.write("a", at: 1, "\u{e9}", .integer(1)), Fixture.write("b", at: 2, "e\u{301}", .integer(2)),
        ]
        #expect(lossy(deltas) == "{\"id\":\"e\",\"properties\":{\"e\u{301}\":2,\"\u{e9}\":1}}")
        #expect(lossy(deltas, of: "e\0") == nil)
    }

    @Test("one delta tells of several entities, and of several properties of one")
    func severalEntities() {
        let delta = Fixture.delta(
            "d",
            at: 1,
            [
                Pointer("actor", entity: "keanu", targetContext: "roles"),
                Pointer("role", entity: "neo", targetContext: "actor"),
                Pointer("film", entity: "the_matrix", targetContext: "cast"),
                Pointer("film", entity: "the_matrix", targetContext: "role"),
                Pointer("salary", .integer(1_000_000)),
            ]
        )
        #expect(lossy([delta], of: "keanu") == #"{"id":"keanu","properties":{}}"#)
        #expect(lossy([delta], of: "neo") == #"{"id":"neo","properties":{"actor":"keanu"}}"#)
        #expect(lossy([delta], of: "the_matrix") == #"{"id":"the_matrix","properties":{"role":"neo"}}"#)
        #expect(lossy([delta], of: "usd") == nil)
    }

    @Test("the last write wins: by time, then by id; null is a value")
    func lastWriteWins() {
        let deltas = [
            Fixture.write("b", at: 5, "name", .text("b")), Fixture.write("a", at: 5, "name", .text("a")),
            Fixture.write("z", at: 4, "name", .text("z")),
        ]
        for order in permutations(deltas) { #expect(lossy(order) == #"{"id":"e","properties":{"name":"b"}}"#) }
        let cleared = deltas + [Fixture.write("c", at: 5, "name", .null)]
        #expect(lossy(cleared) == #"{"id":"e","properties":{"name":null}}"#)
    }

    @Test("a resolver's states are combined in any order and grouping")
    func grouping() {
        withSeed { random in
            for _ in 0..<200 {
                var assertions = (0..<Int.random(in: 1..<12, using: &random)).map { index in
                    Assertion(
                        value: .integer(Int64(index)),
                        delta: Fixture.write(
                            "\(index)",
                            at: .random(in: 0..<4, using: &random),
                            "p",
                            .integer(Int64(index))
                        )
                    )
                }
                let resolver = LastWriteWins()
                let expected = resolver.resolve(assertions)
                assertions.shuffle(using: &random)
                var states = assertions.map(resolver.state)
                while states.count > 1 {
                    let first = states.remove(at: .random(in: states.indices, using: &random))
                    let second = states.remove(at: .random(in: states.indices, using: &random))
                    states.append(resolver.combine(first, second))
                }
                #expect(states.first.flatMap(resolver.value) == expected)
            }
        }
    }

    @Test("a resolver that finds nothing gives no property, and each property has its own")
    func otherResolvers() {
        struct Count: Resolver {
            func state(of assertion: Assertion) -> Int64 { if case .integer = assertion.value { 1 } else { 0 } }
            func combine(_ first: Int64, _ second: Int64) -> Int64 { first + second }
            func value(of state: Int64) -> JSONValue? { state == 0 ? nil : .integer(state) }
        }
        let deltas = [
            Fixture.write("a", at: 1, "p", .integer(7)), Fixture.write("b", at: 2, "p", .integer(7)),
            Fixture.write("c", at: 3, "q", .text("x")), Fixture.write("d", at: 3, "r", .text("x")),
        ]
        let visible = VisibleDeltas(among: deltas, seenAs: Perspective())
        let view = EntityView(of: "e", in: visible) { $0 == "r" ? LastWriteWins() as any Resolver : Count() }
        #expect(view?.json.description == #"{"id":"e","properties":{"p":2,"r":"x"}}"#)
    }

    @Test("an entity whose only delta is negated isn't visible; one without values is")
    func visibility() {
        let deltas = [Fixture.write("a", at: 1, "name", .text("Ann")), Fixture.negation("n", at: 2, of: "a")]
        let visible = VisibleDeltas(among: deltas, seenAs: Perspective())
        #expect(!visible.isVisible("e"))
        #expect(!visible.isVisible("e", referencedAs: "user"))
        #expect(visible.isVisible(Text(Fixture.id("a").description)))
        #expect(visible.changes(of: "e") == nil)
        let bare = VisibleDeltas(
            among: [Fixture.delta("a", at: 1, [Pointer("user", entity: "e", targetContext: "name")])],
            seenAs: Perspective()
        )
        #expect(bare.isVisible("e", referencedAs: "user"))
        #expect(!bare.isVisible("e", referencedAs: "name"))
        #expect(EntityView(of: "e", in: bare)?.json.description == #"{"id":"e","properties":{}}"#)
    }

    @Test("the history tells each assertion in force, oldest first")
    func history() throws {
        let deltas = [
            Fixture.write("c", at: 3, "name", .null), Fixture.write("a", at: 1, "name", .text("Ann")),
            Fixture.write("b", by: "bob", at: 1, "age", .integer(3)), Fixture.write("x", at: 2, "name", .text("no")),
            Fixture.negation("n", at: 9, of: "x"),
        ]
        let visible = VisibleDeltas(among: deltas, seenAs: Perspective())
        let changes = try #require(visible.changes(of: "e"))
        #expect(changes.map(\.delta) == [Fixture.id("a"), Fixture.id("b"), Fixture.id("c")])
        #expect(changes.map(\.value) == [.text("Ann"), .integer(3), .null])
        #expect(changes.map(\.property) == ["name", "age", "name"])
        #expect(changes[1].creator == Fixture.author("bob"))
        #expect(changes[1].timeCreated == 1)
    }
}
