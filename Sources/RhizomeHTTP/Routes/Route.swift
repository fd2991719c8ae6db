internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeViews

/// One endpoint of the table in http.md.
struct Route: Sendable {
    /// What takes the request.
    typealias Handler = @Sendable (APIRequest) async throws -> Response

    /// A part of a path.
    private enum Part: Sendable {
        case literal(Text)
        case parameter(String)
    }

    /// The method; a route for GET answers HEAD too.
    let method: HTTPRequest.Method
    /// The path as written in http.md, for logs and metrics.
    let pattern: String
    /// Which kinds of query parameters it takes.
    let query: ReadParameters.Kinds
    /// The content types that a body may have; a route without any takes no body.
    let contentTypes: [String]
    /// Answers.
    let handler: Handler
    private let parts: [Part]

    /// A route.
    ///
    /// - Parameter pattern: the path; a part that begins with `:` stands for any text. `:collection` stands for names
    ///   that aren't reserved.
    init(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        query: ReadParameters.Kinds = [],
        contentTypes: [String] = [],
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.query = query
        self.contentTypes = contentTypes
        self.handler = handler
        parts = pattern.split(separator: "/").map { part in
            part.hasPrefix(":") ? .parameter(String(part.dropFirst())) : .literal(Text(String(part)))
        }
    }

    /// The values of the variable parts where the path is one of this route; else `nil`.
    func match(_ path: [Text]) -> [String: Text]? {
        guard path.count == parts.count else { return nil }
        var parameters: [String: Text] = [:]
        for (part, text) in zip(parts, path) {
            switch part {
            case .literal(let literal): guard literal == text else { return nil }
            case .parameter("collection"):
                guard !ReservedNames.isReserved(collection: text) else { return nil }
                parameters["collection"] = text
            case .parameter("id"):
                guard !ReservedNames.ids.contains(text) else { return nil }
                parameters["id"] = text
            case .parameter(let name): parameters[name] = text
            }
        }
        return parameters
    }
}
