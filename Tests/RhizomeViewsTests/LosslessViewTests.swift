import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// What the lossless view shows (spec: views.md, "Lossless").
@Suite struct LosslessViewTests {
    @Test("every delta stands under each of its properties, pointers collapsed, in the order of time and id")
    func shape() throws {
        let deltas = [
            Fixture.write("b", at: 2, "name", .text("Ann")),
            Fixture.write("c", at: 2, "name", .integer(3)),
            Fixture.delta(
                "a",
                by: "bob",
                at: 1,
                [
                    Pointer("friend", entity: "e", targetContext: "friends"),
                    Pointer("friend", entity: "f", targetContext: "friends"), Pointer("since", .null),
                ]
            ),
        ]
        for order in permutations(deltas) {
            let view = try #require(LosslessOracle(of: "e", in: VisibleDeltas(among: order, seenAs: Perspective())))
            #expect(view.referencedAs == ["friend", "user"])
            #expect(view.isComplete)
            let json = try #require(view.json.object?["properties"]?.object)
            #expect(json.members.map(\.name) == ["friends", "name"])
            let names = try #require(json["name"]?.array).compactMap { $0.object?["id"] }
            #expect(names == [Fixture.id("b").json, Fixture.id("c").json])
            let friend = try #require(json["friends"]?.array?.first?.object)
            #expect(friend["pointers"] == [["friend": "e"], ["friend": "f"], ["since": .null]])
            #expect(friend["creator"] == Fixture.author("bob").json)
            #expect(friend["negated"] == nil)
        }
    }

    @Test("a negated delta stays, marked; alone it leaves an entity that isn't visible")
    func negated() throws {
        let deltas = [Fixture.write("a", at: 1, "name", .text("Ann")), Fixture.negation("n", at: 2, of: "a")]
        let visible = VisibleDeltas(among: deltas, seenAs: Perspective())
        let view = try #require(LosslessOracle(of: "e", in: visible))
        let delta = try #require(view.json.object?["properties"]?.object?["name"]?.array?.first?.object)
        #expect(delta["negated"] == true)
        #expect(!visible.isVisible("e"))
    }

    @Test("what waits for its transaction is not shown, and told")
    func incomplete() throws {
        let deltas = [
            Fixture.size("s", at: 1, of: "T", .integer(2)), Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"]),
            Fixture.write("b", at: 1, "name", .text("An")),
        ]
        let visible = VisibleDeltas(among: deltas, seenAs: Perspective())
        let view = try #require(LosslessOracle(of: "e", in: visible))
        #expect(!view.isComplete)
        #expect(view.deltas == [Fixture.id("b")])
        #expect(LosslessOracle(of: "nobody", in: visible) == nil)
    }

    @Test("authors are picked after negation: what somebody took back stays so without them")
    func authors() throws {
        let deltas = [
            Fixture.write("a", by: "ann", at: 1, "name", .text("Ann")),
            Fixture.write("b", by: "bob", at: 2, "name", .text("Bob")),
            Fixture.negation("n", by: "mod", at: 3, of: "b"),
        ]
        func seen(authors: Set<String>? = nil, without: Set<String> = []) -> VisibleDeltas {
            VisibleDeltas(
                among: deltas,
                seenAs: Perspective(
                    moderators: [Fixture.author("mod")],
                    authors: authors.map { Set($0.map(Fixture.author)) },
                    without: Set(without.map(Fixture.author))
                )
            )
        }
        #expect(seen().deltas(about: "e").map(\.id) == [Fixture.id("a")])
        #expect(seen(authors: ["bob"]).isVisible("e") == false)
        #expect(seen(authors: ["bob"]).allIDs == [Fixture.id("b")])
        #expect(seen(without: ["ann"]).isVisible("e") == false)
        // A moderator who doesn't count can't negate either.
        #expect(seen(without: ["mod"]).deltas(about: "e").map(\.id) == [Fixture.id("a"), Fixture.id("b")])
        #expect(seen(authors: []).allIDs.isEmpty)
    }

    @Test(
        "a filter sees a delta's fields",
        arguments: [
            (#"{"==": [{"var": "creatorName"}, "Ann"]}"#, ["a"]),
            (#"{"==": [{"var": "creatorName"}, null]}"#, ["b"]),
            (#"{">": [{"var": "timeCreated"}, 1]}"#, ["b"]),
            (#"{"some": [{"var": "pointers"}, {"==": [{"var": "target"}, "Bob"]}]}"#, ["b"]),
            (#"{"==": [{"var": "pointers.0.targetContext"}, "name"]}"#, ["a", "b"]),
            (#"{"!": {"var": "host"}}"#, ["a", "b"]),
            (#"{"in": ["@did:key:z", {"var": "creatorAddress"}]}"#, ["a", "b"]),
            (#"{"<": [{"var": "sequence"}, 0]}"#, []), ("true", ["a", "b"]), ("[]", []),
        ]
    )
    func filter(rule: String, passing: [String]) throws {
        let ann = Fixture.author("ann")
        let filter = DeltaFilter(try JSONLogicRule(JSONValue(parsing: Array(rule.utf8)))) { $0 == ann ? "Ann" : nil }
        let deltas = [
            Fixture.write("a", by: "ann", at: 1, "name", .text("Ann")),
            Fixture.write("b", by: "bob", at: 2, "name", .text("Bob")),
        ]
        for order in permutations(deltas) {
            let visible = try VisibleDeltas(among: order, seenAs: Perspective()).filtered(by: [filter])
            #expect(visible.allIDs == passing.map(Fixture.id))
        }
    }

    @Test("a filter that costs too much is ended with an error")
    func costly() throws {
        let rule = """
            {"reduce": [{"var": "pointers"}, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}, 1]}, [1]]}
            """
        let filter = DeltaFilter(try JSONLogicRule(JSONValue(parsing: Array(rule.utf8))))
        let pointers = (0..<200).map { Pointer("user", entity: "e", targetContext: Text("p\($0)")) }
        let visible = VisibleDeltas(among: [Fixture.delta("a", at: 1, pointers)], seenAs: Perspective())
        #expect(throws: JSONLogicError.self) { try visible.filtered(by: [filter]) }
    }

    @Test("the lossless view is the reference's", arguments: try ReferenceCase.named(["L01", "L04", "L07", "L09"]))
    func reference(reference: ReferenceCase) throws {
        for order in permutations(reference.deltas) {
            var visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            if let filter = try reference.filter() { visible = try visible.filtered(by: [filter]) }
            switch reference.operation["type"]?.text {
            case "roundtrip":
                let entity = try #require(reference.operation["entity"]?.text)
                let told = reference.told(visible.deltas(about: entity)).compactMap(\.object)
                let theirs = try #require(reference.expected.array).compactMap(\.object)
                #expect(told.count == theirs.count)
                for (ours, theirs) in zip(told, theirs) {
                    for member in ours.members { #expect(theirs[member.name] == member.value) }
                }
            default:
                for expected in try #require(reference.expected.object).members {
                    let view = try #require(LosslessOracle(of: expected.name, in: visible))
                    #expect(.array(view.referencedAs.map { .text($0) }) == expected.value.object?["referencedAs"])
                    let properties = try #require(view.json.object?["properties"]?.object)
                    let theirs = try #require(expected.value.object?["properties"]?.object)
                    #expect(Set(properties.members.map(\.name)) == Set(theirs.members.map(\.name)))
                    for property in theirs.members {
                        let ours = try #require(properties[property.name]?.array).compactMap(\.object)
                        for (ours, theirs) in zip(ours, try #require(property.value.array)) {
                            let id = try #require(ours["id"]?.text).string
                            let label = reference.label(try #require(DeltaID(hex: id)))
                            #expect(label == theirs.object?["id"] ?? theirs)
                            if let pointers = theirs.object?["pointers"] { #expect(ours["pointers"] == pointers) }
                        }
                        #expect(ours.count == property.value.array?.count)
                    }
                }
            }
        }
    }
}

extension VisibleDeltas {
    fileprivate var allIDs: [DeltaID] { deltas.map(\.id) }
}
