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
    static let asOf = moment("asOf", "The moment as of which to look")
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
    static let since = Parameter<StreamStart>(
        .query,
        "since",
        "Where a stream begins: now, which is meant without it, start, or the id of an event that was read",
        .text
    ) { text throws(APIError) in
        guard let start = StreamStart(text) else {
            throw .badInput("since is now, start, or the id of an event of this node", field: "since")
        }
        return start
    }
    static let property = Parameter<Text>(.query, "property", "The property that is to be proved; all without it")
    static let complete = Parameter<Bool>(
        .query,
        "complete",
        "Whether the proof is to show that nothing was left out"
    )

    static let creator = Parameter<Text>(.query, "creator", "Only deltas that this author signed: a did or a petname")
    static let host = Parameter<Text>(.query, "host", "Only deltas that were made on this node: a did or a petname")
    static let entity = Parameter<Text>(.query, "entity", "Only deltas that point to this entity")
    static let ofProperty = Parameter<Text>(
        .query,
        "property",
        "Only deltas that point to this property, of the entity where one is given"
    )
    static let createdAfter = moment("createdAfter", "Only deltas dated at this moment or later")
    static let createdBefore = moment("createdBefore", "Only deltas dated at this moment or earlier")
    static let order = Parameter<DeltaOrder>(
        .query,
        "order",
        "created is by the authors' dates; without it deltas come as they were accepted"
    )
    /// Which deltas of all, and in which order.
    static let selection: [any StatedParameter] = [
        creator, host, entity, ofProperty, createdAfter, createdBefore, order,
    ]
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

    /// Another order of deltas than that in which they were accepted.
    enum DeltaOrder: String, CaseIterable, Sendable {
        case created
    }

    /// What a PUT says: `all` that it names, or, without the parameter, what it changes.
    enum Saying: String, CaseIterable, Sendable {
        case all
    }

    /// A moment in one of the forms that people write.
    private static func moment(_ name: Text, _ meaning: String) -> Parameter<Timestamp> {
        Parameter(
            .query,
            name,
            "\(meaning): µs since 1970, a time by RFC 3339, or a date",
            .either([.integer(AsOf.numbers), .text.with("format", "date-time"), .text.with("format", "date")])
        ) { text throws(APIError) in
            guard let moment = AsOf.moment(text) else {
                throw .badInput("\(name) \(AsOf.form)", field: name.string)
            }
            return moment
        }
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
