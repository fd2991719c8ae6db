public import Bytes
public import StrictJSON

/// What is asked: a relation, and how it is to be told (spec: query.md).
public struct Query: Hashable, Sendable {
    /// How much is told of the deltas on which rows rest.
    public enum Provenance: String, CaseIterable, Sendable {
        /// Nothing.
        case none
        /// A set of deltas for each row.
        case rows
        /// A set for each cell besides.
        case cells
    }

    /// A relation that is made once, and used under its name.
    public struct Named: Hashable, Sendable {
        /// The name.
        public let name: Text
        /// The relation.
        public let expression: QueryExpression

        /// A relation with a name.
        public init(_ name: Text, _ expression: QueryExpression) {
            self.name = name
            self.expression = expression
        }
    }

    /// The relation that is asked for.
    public var expression: QueryExpression
    /// The relations that it uses by name.
    public var named: [Named]
    /// Values for `{"param": NAME}` in rules, given rows and starts of closures.
    public var parameters: [Text: JSONValue]
    /// How much is told of the deltas on which rows rest.
    public var provenance: Provenance
    /// Whether other sets of deltas are told too that give a row.
    public var tellsAlternatives: Bool
    /// Rows of a page; all where `nil`.
    public var limit: Int?
    /// Whether it is told how many rows there are in all.
    public var tellsCount: Bool
    /// How long it may take.
    public var seconds: Int

    /// A query; all rows, without provenance, unless told otherwise.
    public init(
        _ expression: QueryExpression,
        named: [Named] = [],
        parameters: [Text: JSONValue] = [:],
        provenance: Provenance = .none,
        tellsAlternatives: Bool = false,
        limit: Int? = nil,
        tellsCount: Bool = false,
        seconds: Int = QueryBounds.seconds
    ) {
        self.expression = expression
        self.named = named
        self.parameters = parameters
        self.provenance = provenance
        self.tellsAlternatives = tellsAlternatives
        self.limit = limit
        self.tellsCount = tellsCount
        self.seconds = seconds
    }

    /// The members of a query's JSON that are read here; others say how deltas are looked at, or where a page begins.
    public static let members: Set<Text> = [
        "query", "let", "params", "provenance", "alternatives", "limit", "count", "seconds",
    ]

    /// Reads the members that are told in ``members``, and leaves others alone.
    ///
    /// - Throws: ``QueryFault`` with the place of what hasn't the shape that it should.
    public init(json object: JSONObject) throws(QueryFault) {
        var parser = QueryParser()
        guard let query = object["query"] else { throw QueryFault(at: [.member("query")], "what is asked is missing") }
        self.init(try parser.expression(query, at: []))
        if let entries = object["let"] {
            guard let entries = entries.object else {
                throw QueryFault(at: [.member("let")], "\"let\" is an object of relations")
            }
            for entry in entries.members {
                let expression = try parser.expression(entry.value, at: [.member("let"), .member(entry.name)])
                named.append(Named(entry.name, expression))
            }
        }
        if let params = object["params"] {
            guard let params = params.object else {
                throw QueryFault(at: [.member("params")], "\"params\" is an object of values")
            }
            for member in params.members { parameters[member.name] = member.value }
        }
        if let text = object["provenance"] {
            guard let named = text.text.flatMap({ Provenance(rawValue: $0.string) }) else {
                throw QueryFault(at: [.member("provenance")], "\"provenance\" is none, rows or cells")
            }
            provenance = named
        }
        tellsAlternatives = try Self.bool("alternatives", of: object)
        tellsCount = try Self.bool("count", of: object)
        limit = try Self.number("limit", of: object, atMost: QueryBounds.pageRows)
        seconds = try Self.number("seconds", of: object, atMost: QueryBounds.mostSeconds) ?? QueryBounds.seconds
    }

    /// The JSON form, with the members that say something: the same text each time.
    public var json: JSONObject {
        var object: JSONObject = ["query": expression.json]
        if !named.isEmpty {
            object.append("let", .object(named.reduce(into: JSONObject()) { $0.append($1.name, $1.expression.json) }))
        }
        if !parameters.isEmpty {
            let sorted = parameters.sorted { $0.key < $1.key }
            object.append("params", .object(sorted.reduce(into: JSONObject()) { $0.append($1.key, $1.value) }))
        }
        if provenance != .none { object.append("provenance", .string(provenance.rawValue)) }
        if tellsAlternatives { object.append("alternatives", true) }
        if let limit { object.append("limit", .integer(Int64(limit))) }
        if tellsCount { object.append("count", true) }
        if seconds != QueryBounds.seconds { object.append("seconds", .integer(Int64(seconds))) }
        return object
    }

    private static func bool(_ name: Text, of object: JSONObject) throws(QueryFault) -> Bool {
        guard let value = object[name] else { return false }
        guard let bool = value.bool else { throw QueryFault(at: [.member(name)], "\"\(name)\" is true or false") }
        return bool
    }

    private static func number(_ name: Text, of object: JSONObject, atMost most: Int) throws(QueryFault) -> Int? {
        guard let value = object[name] else { return nil }
        guard let integer = value.integer, (1...Int64(most)).contains(integer) else {
            throw QueryFault(at: [.member(name)], "\"\(name)\" is a whole number from 1 to \(most)")
        }
        return Int(integer)
    }
}
