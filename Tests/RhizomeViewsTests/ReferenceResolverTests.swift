import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// What the reference implementation answers by other resolvers than last-write-wins.
@Suite struct ReferenceResolverTests {
    // The reference shows the properties with a resolver alone, and no entity without any. Ours has a resolver for each:
    // a property without one of its own shows its last write, and A08's entity would show its name.

    @Test(
        "the standard resolvers give the reference's values, in every order of arrival",
        arguments: try ReferenceCase.named([
            "A01", "A03", "A05", "A06", "A08", "A10", "A11", "C01", "C03", "C05", "C08", "C10", "C18", "N11",
        ])
    )
    func standard(reference: ReferenceCase) throws {
        let named = try #require((reference.operation["config"] ?? reference.operation["plugins"])?.object)
        let resolvers = try named.members.map { member in
            let name = try #require(member.value.text?.string)
            let ours = ["first": "first-write-wins", "last": "last-write-wins"][name] ?? name
            return (member.name, try #require(StandardResolver(rawValue: ours)).resolver())
        }
        let expected = try #require(reference.expected.object)
        for order in orders(of: reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            var views = JSONObject()
            for entity in reference.entities.sorted() {
                let view = EntityView(of: entity, in: visible) { property in
                    resolvers.first { $0.0 == property }?.1 ?? LastWriteWins()
                }
                let properties = view?.properties.members.filter { member in named[member.name] != nil } ?? []
                guard !properties.isEmpty else { continue }
                // The reference's order is that of its config.
                var shown = JSONObject()
                for member in named.members {
                    if let value = view?.properties[member.name] { shown.append(member.name, value) }
                }
                views.append(entity, ["id": .text(entity), "properties": .object(shown)])
            }
            #expect(views == expected)
        }
    }

    @Test(
        "authors by rank, and all values, are the reference's",
        arguments: try ReferenceCase.named(["B05", "B06", "B08"])
    )
    func ranked(reference: ReferenceCase) throws {
        let entity = try #require(reference.operation["entity"]?.text)
        let fields = try #require(reference.operation["fields"]?.object)
        for field in fields.members {
            let source = try #require(field.value.array?.first?.text)
            let rule = try #require(field.value.array?.last?.array)
            let authors = try (rule.last?.array ?? []).compactMap(\.text).map {
                try TestAuthors.signer($0.string).publicKey
            }
            let standard: StandardResolver = rule.first == "trustedAuthor" ? .byRank : .all
            for order in orders(of: reference.deltas) {
                let visible = VisibleDeltas(among: order, seenAs: Perspective())
                let view = EntityView(of: entity, in: visible) { _ in standard.resolver(ranking: authors) }
                #expect(view?.properties[source] == reference.expected.object?[field.name])
            }
        }
    }

    @Test("a separator of one's own, as an application's resolver", arguments: try ReferenceCase.named(["C06"]))
    func separator(reference: ReferenceCase) throws {
        try expect(reference, [.init(name: "tags", source: "tags", resolver: Joined(separator: ", "))])
    }

    @Test(
        "properties computed from another, as an application's resolvers",
        arguments: try ReferenceCase.named(["C11"])
    )
    func derived(reference: ReferenceCase) throws {
        try expect(
            reference,
            [
                .init(name: "temperature", source: "temperature", resolver: LastWriteWins()),
                .init(name: "maxTemp", source: "temperature", resolver: Maximum()),
                .init(name: "minTemp", source: "temperature", resolver: Minimum()),
                .init(
                    name: "avgTemp",
                    source: "temperature",
                    resolver: Midpoint(),
                    dependencies: ["minTemp", "maxTemp"]
                ),
            ]
        )
    }

    @Test("a dependency that isn't there is refused when the view is made", arguments: try ReferenceCase.named(["C14"]))
    func missing(reference: ReferenceCase) throws {
        let error = #expect(throws: DerivedProperties.MissingDependency.self) {
            try DerivedProperties([
                .init(name: "price", source: "price", resolver: LastWriteWins(), dependencies: ["discount"])
            ])
        }
        #expect((error?.description).map { .string($0) } == reference.expected.object?["error"])
    }

    @Test("a running average, as an application's resolver", arguments: try ReferenceCase.named(["C17"]))
    func runningAverage(reference: ReferenceCase) throws {
        try expect(reference, [.init(name: "score", source: "score", resolver: RunningMean())])
    }

    private func expect(_ reference: ReferenceCase, _ properties: [DerivedProperties.Property]) throws {
        let view = try DerivedProperties(properties)
        for order in permutations(reference.deltas) {
            let visible = VisibleDeltas(among: order, seenAs: try reference.perspective())
            for entity in try #require(reference.expected.object).members {
                #expect(.object(view.values(of: entity.name, in: visible)) == entity.value.object?["properties"])
            }
        }
    }

    /// All orders of few deltas, some of many.
    private func orders(of deltas: [ViewedDelta]) -> [[ViewedDelta]] {
        guard deltas.count > 6 else { return permutations(deltas) }
        return withSeed { random in (0..<20).map { _ in deltas.shuffled(using: &random) } }
    }
}
