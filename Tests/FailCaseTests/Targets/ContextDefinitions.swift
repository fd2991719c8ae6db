import Bytes
import RhizomeViews
import StrictJSON

/// Definitions of contexts, as other authors' deltas hold them: what is accepted is written as it is read.
enum ContextDefinitions: FuzzTarget {
    static let name = "context"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        let dids = try vectors.cases("identity").compactMap { $0["did"] }.prefix(2)
        return [
            ["authors": .array(Array(dids)), "moderators": .array(Array(dids)), "forked": "refuse"],
            ["authors": "all", "asOf": 1_735_689_600_000_000, "forked": "allow", "resolvers": [:]],
            ["resolvers": ["user": ["age": "max", "name": "by-rank"], "*": ["name": "all"]]],
            ["filter": ["and": [["==": [["var": "creatorName"], "ann"]], true]], "resolvers": ["*": [:]]],
        ].map { (json: JSONValue) in json.encoded }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        guard let json = try? JSONValue(parsing: bytes), let definition = try? ContextDefinition(json: json) else {
            return false
        }
        let again = try ContextDefinition(json: JSONValue(parsing: definition.json.encoded))
        try require(again == definition, "a definition is read as it is written")
        try require(again.json.encoded == definition.json.encoded, "a definition has one text")
        return true
    }
}
