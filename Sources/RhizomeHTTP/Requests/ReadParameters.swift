internal import Bytes
internal import RhizomeViews
internal import StrictJSON

/// A reader's part in a page of a long list: `?limit=` and `?after=` (spec: http.md).
struct PageRequest: Equatable, Sendable {
    /// How many items at most; a complete list where there is none.
    let limit: Int?
    /// The cursor after which to go on.
    let after: Text?
}

/// The query parameters that a route takes; all others are refused rather than left out of account.
struct ReadParameters: Sendable {
    /// Which kinds of parameters a route takes.
    struct Kinds: OptionSet, Sendable {
        let rawValue: Int
        /// `limit` and `after`.
        static let page: Kinds = [.limit, Kinds(rawValue: 1)]
        /// `limit` alone.
        static let limit = Kinds(rawValue: 8)
        /// `property` and `complete`.
        static let proof: Kinds = [.property, Kinds(rawValue: 16)]
        /// `asOf` alone.
        static let asOf = Kinds(rawValue: 32)
        /// `context`, `asOf`, `authors`, `without` and `filter`.
        static let viewpoint: Kinds = [.asOf, Kinds(rawValue: 2)]
        /// `say`.
        static let say = Kinds(rawValue: 4)
        /// `schema` alone.
        static let schema = Kinds(rawValue: 64)
        /// `schema`, `levels` and `missing`.
        static let nested: Kinds = [.schema, Kinds(rawValue: 128)]
        /// `property` alone.
        static let property = Kinds(rawValue: 256)
        /// `schema`, `property`, `role` and `relation`.
        static let related: Kinds = [.schema, .property, Kinds(rawValue: 512)]
    }

    /// The page that is asked for.
    let page: PageRequest
    /// Through whose eyes, and as of when.
    let viewpoint: Viewpoint
    /// Whether a PUT is to say every property that it names: `say=all`.
    let saysAll: Bool
    /// The property that is meant; all where `nil`.
    let property: Text?
    /// The local context of other entities that is meant; any where `nil`.
    let role: Text?
    /// The name of the relation that is meant; any delta where `nil`.
    let relation: Text?
    /// Whether a proof is to be complete.
    let isComplete: Bool
    /// The name of the schema through which to look.
    let schema: Text?
    /// How far below an entity what it refers to is shown at most; as far as the schemas say where `nil`.
    let levels: Int?
    /// Whether optional properties without a value are told too: `missing=all`.
    let tellsAllMissing: Bool

    /// Reads a query.
    ///
    /// - Throws: 400 with the parameter's name.
    init(_ query: [Text: Text], taking kinds: Kinds) throws(APIError) {
        var limit: Int?
        var after: Text?
        var viewpoint = Viewpoint()
        var saysAll = false
        var property: Text?
        var isComplete = false
        var schema: Text?
        var levels: Int?
        var tellsAllMissing = false
        var role: Text?
        var relation: Text?
        // In order, so that the same query gets the same answer.
        for (name, value) in query.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "limit" where kinds.contains(.limit):
                guard let number = Self.number(value), (1...Int64(RequestLimits.pageItems)).contains(number) else {
                    throw .badInput("limit is a number from 1 to \(RequestLimits.pageItems)", field: "limit")
                }
                limit = Int(number)
            case "after" where kinds.contains(.page): after = value
            case "asOf" where kinds.contains(.asOf):
                guard let time = AsOf.moment(value) else { throw .badInput(AsOf.message, field: "asOf") }
                viewpoint.asOf = time
            case "context" where kinds.contains(.viewpoint): viewpoint.context = value
            case "authors" where kinds.contains(.viewpoint): viewpoint.authors = try Self.names(value, "authors")
            case "without" where kinds.contains(.viewpoint): viewpoint.without = try Self.names(value, "without")
            case "filter" where kinds.contains(.viewpoint): viewpoint.filter = try Self.rule(value, "filter")
            case "property" where kinds.contains(.property): property = value
            case "role" where kinds.contains(.related): role = value
            case "relation" where kinds.contains(.related): relation = value
            case "complete" where kinds.contains(.proof):
                guard value == "true" || value == "false" else {
                    throw .badInput("complete is true or false", field: "complete")
                }
                isComplete = value == "true"
            case "say" where kinds.contains(.say):
                guard value == "all" else {
                    throw .badInput("say is all, to write every named property in your own name", field: "say")
                }
                saysAll = true
            case "schema" where kinds.contains(.schema): schema = value
            case "levels" where kinds.contains(.nested):
                guard let number = Self.number(value), (0...Int64(NestedView.mostLevels)).contains(number) else {
                    throw .badInput("levels is a number from 0 to \(NestedView.mostLevels)", field: "levels")
                }
                levels = Int(number)
            case "missing" where kinds.contains(.nested):
                guard value == "all" || value == "required" else {
                    throw .badInput("missing is all, or required, as it is without", field: "missing")
                }
                tellsAllMissing = value == "all"
            default: throw .badInput("there is no such parameter here", field: name.string)
            }
        }
        if schema == nil, let name = ["levels", "missing"].first(where: { query[Text($0)] != nil }) {
            throw .badInput("\(name) goes with schema", field: name)
        }
        page = PageRequest(limit: limit, after: after)
        self.viewpoint = viewpoint
        self.saysAll = saysAll
        self.property = property
        self.isComplete = isComplete
        self.schema = schema
        self.levels = levels
        self.tellsAllMissing = tellsAllMissing
        self.role = role
        self.relation = relation
    }

    /// Digits only: no sign, no space, within Int64.
    static func number(_ text: Text) -> Int64? {
        guard text.count > 0, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int64(text.string)
    }

    /// Names with commas between them; petnames have none.
    private static func names(_ text: Text, _ field: String) throws(APIError) -> [String] {
        let names = text.string.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains("") else {
            throw .badInput("\(field) is dids or petnames with a comma between them", field: field)
        }
        return names
    }

    private static func rule(_ text: Text, _ field: String) throws(APIError) -> JSONLogicRule {
        do {
            return try JSONLogicRule(JSONValue(parsing: Array(text.utf8)))
        } catch let error as JSONLogicError {
            throw APIError(error, field: field)
        } catch let error as JSONError {
            throw APIError(error, of: field)
        } catch {
            throw .badInput("this is not a rule", field: field)
        }
    }
}
