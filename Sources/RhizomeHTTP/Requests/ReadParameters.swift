internal import Bytes

/// A reader's part in a page of a long list: `?limit=` and `?after=` (spec: http.md).
struct PageRequest: Equatable, Sendable {
    /// How many items at most; a complete list where there is none.
    let limit: Int?
    /// The cursor after which to go on.
    let after: Text?
}

/// The query parameters that a route takes; all others are refused rather than left out of account.
struct ReadParameters {
    /// Which kinds of parameters a route takes.
    struct Kinds: OptionSet {
        let rawValue: Int
        /// `limit` and `after`.
        static let page = Kinds(rawValue: 1)
        /// `asOf`.
        static let asOf = Kinds(rawValue: 2)
    }

    /// Parameters of http.md that this version doesn't know yet.
    private static let later: Set<Text> = ["context", "authors", "without", "filter", "asOf"]

    /// The page that is asked for.
    let page: PageRequest
    /// The moment as of which to look, µs since 1970.
    let asOf: Int64?

    /// Reads a query.
    ///
    /// - Throws: 400 with the parameter's name.
    init(_ query: [Text: Text], taking kinds: Kinds) throws(APIError) {
        var limit: Int?
        var after: Text?
        var asOf: Int64?
        // In order, so that the same query gets the same answer.
        for (name, value) in query.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "limit" where kinds.contains(.page):
                guard let number = Self.number(value), (1...Int64(RequestLimits.pageItems)).contains(number) else {
                    throw .badInput("limit is a number from 1 to \(RequestLimits.pageItems)", field: "limit")
                }
                limit = Int(number)
            case "after" where kinds.contains(.page): after = value
            case "asOf" where kinds.contains(.asOf):
                guard let time = Self.number(value) ?? Timestamp.microseconds(value) else {
                    throw .badInput(
                        "asOf is µs since 1970, or a time by RFC 3339 (2026-01-31T12:00:00Z)",
                        field: "asOf"
                    )
                }
                asOf = time
            case _ where Self.later.contains(name):
                throw .badInput("this version doesn't support this parameter here yet", field: name.string)
            default: throw .badInput("there is no such parameter here", field: name.string)
            }
        }
        page = PageRequest(limit: limit, after: after)
        self.asOf = asOf
    }

    /// Digits only: no sign, no space, within Int64.
    private static func number(_ text: Text) -> Int64? {
        guard text.count > 0, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int64(text.string)
    }
}
