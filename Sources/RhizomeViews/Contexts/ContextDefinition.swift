public import Bytes
public import SignedStatements
public import StrictJSON

/// A way of looking that can be named, stored and sent (spec: views.md, "Contexts"; http.md, `/api/contexts`).
///
/// Each part is optional. What was given is kept as it was given, so that a definition is shown as it was written; two
/// are equal where their JSON is.
public struct ContextDefinition: Equatable, Sendable {
    /// Whose deltas count.
    public enum Authors: Hashable, Sendable {
        case all
        /// These authors' alone; for `by-rank` the one who counts most first.
        case these([PublicKey])
    }

    /// Whether authors count whose logs have more than one head.
    public enum ForkPolicy: String, CaseIterable, Sendable {
        case allow
        case refuse
    }

    /// A rule with the JSON of which it was made.
    struct Filter: Sendable {
        let json: JSONValue
        let rule: JSONLogicRule
    }

    /// Which deltas count.
    let filter: Filter?
    /// The rule that says which deltas count.
    package var filterRule: JSONLogicRule? { filter?.rule }
    /// Whose deltas count; everybody's where `nil`.
    public let authors: Authors?
    /// Who may negate others' deltas.
    public let moderators: [PublicKey]?
    /// Which resolvers properties have.
    public let resolvers: ResolverTable?
    /// The moment as of which to look, µs since 1970; now where `nil`.
    public let asOf: Timestamp?
    /// Whether forked authors count; they do where `nil`.
    public let forked: ForkPolicy?

    /// A definition; without arguments, one that changes nothing.
    ///
    /// - Parameter filter: a rule of JSON-Logic.
    /// - Throws: ``JSONLogicError`` where the filter is no rule, with the place.
    public init(
        filter: JSONValue? = nil,
        authors: Authors? = nil,
        moderators: [PublicKey]? = nil,
        resolvers: ResolverTable? = nil,
        asOf: Timestamp? = nil,
        forked: ForkPolicy? = nil
    ) throws(JSONLogicError) {
        if let filter {
            self.filter = Filter(json: filter, rule: try JSONLogicRule(filter))
        } else {
            self.filter = nil
        }
        self.authors = authors
        self.moderators = moderators
        self.resolvers = resolvers
        self.asOf = asOf
        self.forked = forked
    }

    /// The authors in the order of their rank; none where all count alike.
    var ranking: [PublicKey] { if case .these(let authors) = authors { authors } else { [] } }

    /// The JSON form: the parts that were given in the order of http.md, authors as dids, the same text each time.
    public var json: JSONValue {
        var json = JSONObject()
        if let filter { json.append("filter", filter.json) }
        switch authors {
        case .all: json.append("authors", "all")
        case .these(let authors): json.append("authors", .array(authors.map(\.json)))
        case nil: break
        }
        if let moderators { json.append("moderators", .array(moderators.map(\.json))) }
        if let resolvers { json.append("resolvers", resolvers.json) }
        if let asOf { json.append("asOf", .integer(asOf.microseconds)) }
        if let forked { json.append("forked", .string(forked.rawValue)) }
        return .object(json)
    }

    /// Whether both have the same JSON.
    public static func == (left: Self, right: Self) -> Bool { left.json == right.json }
}
