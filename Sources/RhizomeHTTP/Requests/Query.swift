internal import Bytes
internal import RhizomeCore
internal import RhizomeViews
internal import StrictJSON

/// The parameters of queries.
enum Query {
    static let limit = Parameter<Int>(
        .query,
        "limit",
        "How many items at most; without it a list is complete",
        within: 1...RequestLimits.pageItems
    )
    static let after = Parameter<Text>(
        .query,
        "after",
        "Where to go on: from the Link header of an earlier page of the same list"
    )
    static let asOf = Parameter<Timestamp>(
        .query,
        "asOf",
        "The moment as of which to look: µs since 1970, a time by RFC 3339, or a date",
        .text
    ) { text throws(APIError) in
        guard let moment = AsOf.moment(text) else { throw .badInput(AsOf.message, field: "asOf") }
        return moment
    }
    static let context = Parameter<Text>(.query, "context", "The name of the context through which to look")
    static let authors = names("authors", "Dids or petnames, with commas between them, of those who alone count")
    static let without = names("without", "Dids or petnames, with commas between them, of those who don't count")
    static let filter = Parameter<JSONLogicRule>(
        .query,
        "filter",
        "A rule of JSON-Logic, as JSON, that says which deltas count",
        .text.with("contentMediaType", "application/json")
    ) { text throws(APIError) in
        do {
            return try JSONLogicRule(JSONValue(parsing: Array(text.utf8)))
        } catch let error as JSONLogicError {
            throw APIError(error, field: "filter")
        } catch let error as JSONError {
            throw APIError(error, of: "filter")
        } catch {
            throw .badInput("this is not a rule", field: "filter")
        }
    }
    static let say = Parameter<Saying>(
        .query,
        "say",
        "all writes every named property, changed or not, in this node's name"
    )
    static let property = Parameter<Text>(.query, "property", "The property that is to be proved; all without it")
    static let complete = Parameter<Bool>(
        .query,
        "complete",
        "Whether the proof is to show that nothing was left out"
    )

    static let schema = Parameter<Text>(.query, "schema", "The name of the schema through which to go")
    static let levels = Parameter<Int>(
        .query,
        "levels",
        "How far below an entity what it refers to is shown at most; as far as the schemas say without it",
        within: 0...NestedView.mostLevels
    )
    static let missing = Parameter<Missing>(
        .query,
        "missing",
        "all tells optional properties without a value too"
    )
    static let about = Parameter<Text>(.query, "property", "The property of the entity that deltas are about")
    static let role = Parameter<Text>(.query, "role", "The local context of another entity of the deltas")
    static let relation = Parameter<Text>(.query, "relation", "The name of the schema's relation that deltas are of")

    /// A page of a list.
    static let page: [any StatedParameter] = [limit, after]
    /// Through whose eyes, and as of when.
    static let viewpoint: [any StatedParameter] = [context, asOf, authors, without, filter]

    /// What a PUT says: `all` that it names, or, without the parameter, what it changes.
    enum Saying: String, CaseIterable, Sendable {
        case all
    }

    /// Which properties without a value are told: those alone that have to have one, or `all`.
    enum Missing: String, CaseIterable, Sendable {
        case required
        case all
    }

    /// Names with commas between them; petnames have none.
    private static func names(_ name: Text, _ meaning: String) -> Parameter<[String]> {
        Parameter(.query, name, meaning, .text) { text throws(APIError) in
            let names = text.string.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard !names.contains("") else {
                throw .badInput("\(name) is dids or petnames with a comma between them", field: name.string)
            }
            return names
        }
    }
}
