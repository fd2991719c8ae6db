public import Bytes
internal import RhizomeCore
public import RhizomeIdentity
public import RhizomeViews
public import SignedStatements
public import StrictJSON

/// A query with how it looks: what is asked over HTTP, and what is kept under a name (spec: query.md).
public struct QueryDefinition: Sendable {
    /// Bytes of a stored one (spec: schemas.md, "Names and storing").
    public static let mostBytes = 64 << 10
    /// Names that no parameter of a stored one has: they say other things where it is asked by name.
    public static let takenNames: Set<Text> = [
        "context", "asOf", "authors", "without", "filter", "limit", "after", "count", "provenance",
    ]

    /// What is asked.
    public var query: Query
    /// The name of the context through which it looks.
    public let context: Text?
    /// Whose deltas count, of which moment, and which: the parts of a context that a read narrows.
    public let narrowing: ContextDefinition
    /// Whose deltas don't.
    public let without: [PublicKey]

    /// Reads the JSON form, and refuses what it doesn't know.
    ///
    /// As stored, authors are dids and the time is µs; whoever takes what a person typed says what else may stand there.
    ///
    /// - Parameters:
    ///   - identity: the author that a text names; `nil` where it names none.
    ///   - time: the moment that `asOf` is; `nil` where it is no time.
    /// - Throws: ``QueryFault`` with the place in the query; ``FieldError`` and ``JSONLogicError`` for how it looks.
    public init(
        json object: JSONObject,
        identity: (String) -> PublicKey? = PublicKey.init(did:),
        time: (JSONValue) -> Timestamp? = { $0.integer.map { Timestamp(microseconds: $0) } }
    ) throws {
        var narrowing = JSONObject()
        for member in object.members {
            switch member.name {
            case "asOf", "authors", "filter": narrowing.append(member.name, member.value)
            case "context", "without": break
            case let name where Query.members.contains(name): break
            default: throw FieldError(.unknown, field: member.name.string, "a query has no such member")
            }
        }
        query = try Query(json: object)
        self.narrowing = try ContextDefinition(json: .object(narrowing), identity: identity, time: time)
        context = try object["context"].map { json throws(FieldError) in
            guard let name = json.text else {
                throw FieldError(.type, field: "context", "a context is named by a text")
            }
            return name
        }
        without =
            try object["without"].map { json in
                guard let items = json.array else {
                    throw FieldError(.type, field: "without", "without is an array of dids or petnames")
                }
                return try items.enumerated().map { index, item in
                    guard let author = item.text.flatMap({ identity($0.string) }) else {
                        throw FieldError(.value, field: "without[\(index)]", ContextDefinition.unknownIdentity)
                    }
                    return author
                }
            } ?? []
    }

    /// How it looks, narrower than a context or the node itself does.
    ///
    /// - Parameter petname: what a person calls an author; its filter sees it.
    public func narrow(_ base: Perspective, petname: @escaping @Sendable (PublicKey) -> String?) -> Perspective {
        var authors: Set<PublicKey>?
        if case .these(let named) = narrowing.authors { authors = Set(named) }
        return base.narrowed(
            asOf: narrowing.asOf,
            authors: authors,
            without: Set(without),
            filter: narrowing.filterRule.map { DeltaFilter($0, petname: petname) }
        )
    }
}

extension QueryDefinition: Definition {
    /// `_query`.
    public static let localContext = ControlName.query
    /// What people call one.
    public static let kind = "query"

    /// Refuses what isn't 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`.
    public static func checkName(_ name: Text) throws(FieldError) { try DefinitionName.check(name, kind: kind) }

    /// Reads one as it is stored.
    public init(stored text: Text) throws {
        guard text.count <= Self.mostBytes else {
            throw FieldError(.limit, field: "", "a query has at most \(Self.mostBytes) bytes of JSON where it is kept")
        }
        let json = try JSONValue(parsing: Array(text.utf8), limits: QueryBounds.text)
        guard let object = json.object else { throw FieldError(.type, field: "", "a query is an object") }
        do {
            try self.init(json: object)
            try checkKept()
        } catch let fault as QueryFault {
            throw FieldError(.value, field: fault.at, fault.message)
        }
    }

    /// Refuses what can't be kept under a name.
    ///
    /// - Throws: ``QueryFault`` with the place; ``FieldError`` for its parameters' names.
    public func checkKept() throws {
        try QueryPlan.check(query)
        for name in query.parameters.keys.sorted() where Self.takenNames.contains(name) {
            throw FieldError(
                .value,
                field: "params.\(name)",
                "where a query is asked by name, this says something else"
            )
        }
    }

    /// The JSON form: the same text each time.
    public var json: JSONValue {
        var object = query.json
        if let context { object.append("context", .text(context)) }
        for member in narrowing.json.object?.members ?? [] { object.append(member.name, member.value) }
        if !without.isEmpty { object.append("without", .array(without.map { .string($0.did) })) }
        return .object(object)
    }

    /// The expressions and the rule of how it looks, which take many times their texts.
    public var approximateBytes: Int { 2_000 + 23 * json.encoded.count }
}
