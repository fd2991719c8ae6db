import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

/// What the reference implementation answers, as far as the steps 1 to 4 and last-write-wins go.
///
/// Other resolvers and the lossless view have suites of their own; schemas and queries join with what they need.
@Suite struct ReferenceTests {
    @Test(
        "last-write-wins gives the reference's entities, in every order of arrival",
        arguments: try ReferenceCase.named(["L12", "Y03", "Y06", "Y08", "R01", "R09", "C03", "C18", "N10"])
    )
    func resolved(reference: ReferenceCase) throws {
        let expected = try #require(reference.expected.object)
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            var views = JSONObject()
            for entity in reference.entities.sorted() {
                if let view = EntityView(of: entity, in: visible) { views.append(entity, view.json) }
            }
            #expect(views == expected)
        }
    }

    @Test("a tie is settled by the id's bytes, in both orders of arrival", arguments: try ReferenceCase.named(["Y05"]))
    func tie(reference: ReferenceCase) throws {
        let winner = try #require(reference.deltas.max { $0.id < $1.id })
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: Perspective())
            let view = EntityView(of: "entity1", in: visible)
            #expect(view?.properties["score"] == winner.value(of: "score", entity: "entity1")?.json)
        }
    }

    @Test(
        "the deltas in force are the reference's, property by property",
        arguments: try ReferenceCase.named(["L11", "N01", "N03", "N08"])
    )
    func properties(reference: ReferenceCase) throws {
        let entity = try #require(reference.operation["entity"]?.text)
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            expect(reference.properties(of: entity, in: visible), reference.expected)
        }
    }

    @Test("chains of negations end as in the reference", arguments: try ReferenceCase.named(["N05", "N06"]))
    func negated(reference: ReferenceCase) throws {
        let ids = try #require(reference.operation["ids"]?.array).map(reference.id)
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            #expect(.array(ids.map { .bool(visible.negated.contains($0)) }) == reference.expected)
        }
    }

    @Test("a negation holds from its own moment on", arguments: try ReferenceCase.named(["N13"]))
    func negatedAt(reference: ReferenceCase) throws {
        let id = try reference.id(reference.operation["id"])
        let moments = try #require(reference.operation["at"]?.array).compactMap(\.integer)
        let negated = try moments.map { moment in
            let perspective = try reference.perspective(asOf: Timestamp(moment))
            return VisibleDeltas(among: reference.deltas, seenAs: perspective).negated.contains(id)
        }
        #expect(.array(negated.map { .bool($0) }) == reference.expected)
    }

    @Test("as of a moment the deltas up to it are in force", arguments: try ReferenceCase.named(["B01"]))
    func queryAt(reference: ReferenceCase) throws {
        let entity = try #require(reference.operation["entity"]?.text)
        let moments = try #require(reference.operation["at"]?.array).compactMap(\.integer)
        let expected = try #require(reference.expected.array)
        for (moment, expected) in zip(moments, expected) {
            let visible = VisibleDeltas(
                among: reference.deltas,
                seenAs: try reference.perspective(asOf: Timestamp(moment))
            )
            expect(reference.properties(of: entity, in: visible), expected)
        }
    }

    @Test(
        "timeline, replay, one property's changes and the origin are the history's",
        arguments: try ReferenceCase.named(["B03"])
    )
    func timeline(reference: ReferenceCase) throws {
        let entity = try #require(reference.operation["entity"]?.text)
        func history(asOf moment: Timestamp?) throws -> [EntityHistory.Change] {
            let visible = VisibleDeltas(among: reference.deltas, seenAs: try reference.perspective(asOf: moment))
            return visible.changes(of: entity) ?? []
        }
        let changes = try history(asOf: nil)
        let expected = try #require(reference.expected.object)
        #expect(.array(changes.map { .integer($0.timeCreated.microseconds) }) == expected["timeline"])
        for (change, replayed) in zip(changes, try #require(expected["replay"]?.array)) {
            let counts = Dictionary(grouping: try history(asOf: change.timeCreated), by: \.property).mapValues(\.count)
            let theirs = try #require(replayed.object).members.map { ($0.name, $0.value.integer.map { Int($0) }) }
            #expect(counts == Dictionary(uniqueKeysWithValues: theirs).compactMapValues { $0 })
        }
        let ages = changes.filter { $0.property == "age" }
        #expect(.array(ages.map { reference.label($0.delta) }) == expected["changes_age"])
        #expect(changes.first.map { reference.label($0.delta) } == expected["origin"])
        #expect(
            try history(asOf: 3_500).count - history(asOf: 1_500).count
                == expected["compare_1500_3500"]?.object?["deltasAdded"]?.integer.map { Int($0) }
        )
    }

    @Test("another pointer of the delta that wins is at hand to a reducer", arguments: try ReferenceCase.named(["Y01"]))
    func summary(reference: ReferenceCase) throws {
        // The reference's reducer asks an actor's deltas for the role and, in the same delta, for the film.
        let visible = VisibleDeltas(among: reference.deltas, seenAs: try reference.perspective())
        let roles: [JSONValue] = try reference.entities.filter { visible.isVisible($0, referencedAs: "role") }.map {
            role in
            let last = try #require(visible.deltas(about: role).last)
            func target(_ name: Text) -> JSONValue { last.value(of: name, entity: role)?.json ?? .null }
            return ["role": .text(role), "actor": target("actor"), "film": target("film")]
        }
        #expect(["roles": .array(roles)] == reference.expected)
    }

    // The reference lets one system state the size of others' transactions. Ours are of one author: the same deltas by
    // one author give the reference's answer, by several they stay hidden.

    @Test(
        "a transaction shows nothing until it is complete, then everything",
        arguments: try ReferenceCase.named(["T01", "T03"], author: "u1")
    )
    func transactions(reference: ReferenceCase) throws {
        let entity = try #require(reference.operation["entity"]?.text)
        let expected = try #require(reference.expected.object)
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            expect(reference.properties(of: entity, in: visible), try #require(expected["properties"]))
            for transaction in try #require(expected["complete"]?.object).members {
                #expect(visible.isComplete(transaction.name) == transaction.value.bool)
                #expect(visible.isComplete(entity) == transaction.value.bool)
            }
        }
    }

    @Test(
        "one transaction completes without the other, and a negation takes effect with its own",
        arguments: try ReferenceCase.named(["T05", "T10"], author: "u1")
    )
    func severalTransactions(reference: ReferenceCase) throws {
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            for entity in try #require(reference.operation["entities"]?.array).compactMap(\.text) {
                let expected = reference.expected.object?[entity]
                #expect(visible.isVisible(entity) == (expected != nil))
                expect(reference.properties(of: entity, in: visible), expected?.object?["properties"] ?? [:])
            }
        }
    }

    @Test(
        "nothing comes into view before a transaction's last member, and the transaction is an entity itself",
        arguments: try ReferenceCase.named(["T08"], author: "u1")
    )
    func arrivals(reference: ReferenceCase) throws {
        let expected = try #require(reference.expected.object)
        let visible = try reference.deltas.indices.map { last in
            VisibleDeltas(among: reference.deltas[...last], seenAs: try reference.perspective())
        }
        // The size delta is no member, and not about the entity.
        let counts = visible.map { JSONValue.integer(Int64($0.deltas(about: "entity1").count)) }
        #expect(.array(counts) == expected["afterEach"])
        let last = try #require(visible.last)
        #expect(.array(last.deltas(about: "entity1").map { reference.label($0.id) }) == expected["entity1"])
        let entities = Set(reference.deltas.flatMap(\.pointers).compactMap { $0.entity?.id })
        #expect(.array(entities.filter(last.isVisible).sorted().map { .text($0) }) == expected["entities"])
    }

    @Test("a transaction across authors stays hidden", arguments: try ReferenceCase.named(["T03", "T05", "T10"]))
    func severalAuthors(reference: ReferenceCase) throws {
        let visible = VisibleDeltas(among: reference.deltas, seenAs: try reference.perspective())
        for entity in reference.entities { #expect(!visible.isVisible(entity)) }
    }

    @Test("a text without a target context is a value, no entity", arguments: try ReferenceCase.named(["L06"]))
    func entities(reference: ReferenceCase) throws {
        let visible = VisibleDeltas(among: reference.deltas, seenAs: try reference.perspective())
        let texts = Set(reference.deltas.flatMap(\.pointers).compactMap { $0.value?.json.text }).union(
            reference.entities
        )
        #expect(.array(texts.filter(visible.isVisible).sorted().map { .text($0) }) == reference.expected)
    }

    @Test("setting a property makes the reference's two pointers", arguments: try ReferenceCase.named(["V03"]))
    func build(reference: ReferenceCase) throws {
        let put = try EntityPut(collection: "user", id: "entity-1", properties: ["name": "Test Entity"])
        let planned = put.deltas(changing: VisibleDeltas(among: [], seenAs: Perspective()), transaction: "unused")
        #expect(.array(planned.flatMap(\.pointers).map(\.json)) == reference.expected)
    }

    private func expect(
        _ properties: [Text: [JSONValue]],
        _ expected: JSONValue,
        at location: SourceLocation = #_sourceLocation
    ) {
        let expected = expected.object?.members.map { ($0.name, $0.value.array ?? []) } ?? []
        #expect(properties == Dictionary(uniqueKeysWithValues: expected), sourceLocation: location)
    }
}
