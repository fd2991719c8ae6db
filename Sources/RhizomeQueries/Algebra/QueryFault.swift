public import Bytes
internal import StrictJSON

/// Why a query has no meaning, and where in it that shows (spec: query.md, "Bounds").
public struct QueryFault: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The query isn't one that the specification describes.
        case query
    }

    /// What is wrong, and all that equality looks at.
    public let code = Code.query
    /// The place as a JSON pointer (RFC 6901) from the query's outermost operator on, or from `/let`: `/join/0/select`.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public let at: String
    /// What is wrong and what to do.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public let message: String

    /// A fault at a place.
    init(at place: [JSONError.Step], _ message: String) {
        at = JSONError.pointer(place)
        self.message = message
    }

    /// The message, and the place where there is one.
    public var description: String { at.isEmpty ? message : "\(message) (at \(at))" }
}

extension Text {
    /// The beginning of a name, to be told in a message.
    var told: String { count <= 60 ? string : String(string.unicodeScalars.prefix(60)) + "…" }
}
