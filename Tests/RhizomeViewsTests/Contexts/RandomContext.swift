import Bytes
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON

/// Random definitions of contexts, every part present or not.
enum RandomContext {
    private static let rules: [JSONValue] = [
        true, false, ["==": [["var": "creatorName"], "ann"]], [">": [["var": "timeCreated"], 0]],
        ["some": [["var": "pointers"], ["==": [["var": "localContext"], "age"]]]],
        ["==": [["%": [["var": "timeCreated"], 2000]], 0]], ["!": [["in": ["bob", ["var": "creatorName"]]]]],
    ]

    /// - Parameters:
    ///   - authors: whom it may name.
    ///   - times: the moments as of which it may look.
    static func definition(
        authors: [PublicKey],
        times: ClosedRange<Timestamp>,
        using random: inout SeededGenerator
    ) throws -> ContextDefinition {
        func some() -> [PublicKey] {
            Array(authors.shuffled(using: &random).prefix(Int.random(in: 0...authors.count, using: &random)))
        }
        var table: [Text: [Text: StandardResolver]] = [:]
        for collection in ["*", "user", "f\u{0}.\u{e9}"] as [Text] where Bool.random(using: &random) {
            for property in ["name", "age", "e\u{301}"] as [Text] where Int.random(in: 0..<4, using: &random) > 0 {
                table[collection, default: [:]][property] = StandardResolver.allCases.randomElement(using: &random)
            }
        }
        let parts = (0..<6).map { _ in Bool.random(using: &random) }
        return try ContextDefinition(
            filter: parts[0] ? rules.randomElement(using: &random) : nil,
            authors: parts[1] ? (Bool.random(using: &random) ? .all : .these(some())) : nil,
            moderators: parts[2] ? some() : nil,
            resolvers: parts[3] ? ResolverTable(table) : nil,
            asOf: parts[4] ? Timestamp.random(in: times, using: &random) : nil,
            forked: parts[5] ? (Bool.random(using: &random) ? .allow : .refuse) : nil
        )
    }
}
