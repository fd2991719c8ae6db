public import Bytes
internal import StrictJSON

/// What a query may not go beyond (spec: query.md, "Bounds").
public struct QueryLimit: CodedError {
    /// What there is too much of.
    public enum Code: String, Sendable {
        /// Rows over all operators of all queries that run.
        case rows
        /// Bytes of them.
        case bytes
        /// Steps of JSON-Logic.
        case steps
        /// Pairs of rows that a join without equal columns looks at.
        case pairs
        /// Seconds.
        case seconds
    }

    /// What there is too much of, and all that equality looks at.
    public let code: Code
    /// How much there may be.
    public let most: Int
    /// The operator that was at work, as a JSON pointer from the query's outermost operator on.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public let at: String

    /// A limit that was reached at a place.
    init(_ code: Code, most: Int, at place: QueryParser.Place) {
        self.code = code
        self.most = most
        at = JSONError.pointer(place)
    }

    /// What happened and what to do.
    public var message: String {
        let what =
            switch code {
            case .rows: "rows that all queries hold together"
            case .bytes: "bytes that all queries hold together"
            case .steps: "steps of rules"
            case .pairs: "pairs of rows, where no columns are joined on"
            case .seconds: "seconds"
            }
        return "the query needs more than \(most) \(what); select earlier, or ask for less"
    }

    /// The message and the place.
    public var description: String { at.isEmpty ? message : "\(message) (at \(at))" }
}
