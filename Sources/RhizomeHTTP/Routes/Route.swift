internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore

/// One endpoint of the table in http.md, stated once: its requests are checked and read by that, and it is described by
/// it (``OpenAPIDocument``).
struct Route: Sendable {
    /// What takes the request.
    typealias Handler = @Sendable (APIRequest) async throws -> Response

    /// The method; a route for GET answers HEAD too.
    let method: HTTPRequest.Method
    let path: RoutePath
    /// What it is for, in a sentence without a full stop.
    let summary: String
    /// The parameters of query and header.
    let parameters: [any StatedParameter]
    /// The bodies that it takes, by their types; without any it takes none.
    let bodies: [RequestBody]
    /// What it answers beside what any route can.
    let ownAnswers: [StatedAnswer]
    /// Answers.
    let handler: Handler

    /// The path as written in http.md, for logs and metrics.
    var pattern: String { path.pattern }

    /// All that it can answer.
    var answers: [StatedAnswer] {
        ownAnswers + StatedAnswer.ofGuards + (bodies.isEmpty ? [] : StatedAnswer.ofBodies)
            // What is to be written there is refused with 400, or 405 where there is something else to be read.
            + (path.hasReserved
                ? [
                    method == .put
                        ? .error(.methodNotAllowed, "A name in the path is reserved, and another path's")
                            .with(.allow, "The methods of that path") : .notFound("A name in the path is reserved")
                ] : [])
    }

    /// A route.
    ///
    /// - Parameters:
    ///   - query: the query's parameters.
    ///   - headers: the header fields that the handler looks at.
    ///   - answers: what it answers beside what any route can.
    init(
        _ method: HTTPRequest.Method,
        _ path: RoutePath,
        _ summary: String,
        query: [any StatedParameter] = [],
        headers: [any StatedParameter] = [],
        bodies: [RequestBody] = [],
        answers: [StatedAnswer],
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        parameters = query + headers
        self.bodies = bodies
        ownAnswers = answers
        self.handler = handler
    }
}
