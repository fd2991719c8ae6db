internal import Bytes
internal import HTTPTypes
internal import HomeFiles
internal import HummingbirdCore
internal import Locks
internal import Logging
internal import NIOHTTP1
internal import PrometheusMetrics
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// A request's header that has passed the guards and means a route: its body may be read.
struct PreparedRequest: Sendable {
    let route: Route
    let target: RequestTarget
    /// The texts of the path's variable parts.
    let texts: RoutePath.Texts
    let headers: HTTPHeaders
    /// Which of the route's bodies follows; none where it takes none.
    let body: RequestBody?
}

/// The whole API without sockets: from a request's header to its answer.
final class APIResponder: Sendable {
    let table: RouteTable
    private let requestGuard: @Sendable () -> RequestGuard?
    private let metrics: HTTPMetrics
    private let logger: Logger
    private let strangers: StrangerLog
    private let answers: Budget

    /// The routes of a node.
    ///
    /// - Parameters:
    ///   - lastAudit: the summary of the last audit.
    ///   - requestGuard: the guard of every request; none while the server is starting.
    ///   - makeUUID: gives a text that nothing else has, each time another.
    ///   - metrics: what the server counts.
    ///   - registry: has those numbers and the node's.
    ///   - measure: measures what the server has open.
    ///   - answers: the memory that all answers share which are being made.
    init(
        database: Database,
        peers: any PeerReporting,
        version: String,
        lastAudit: @escaping @Sendable () throws -> [UInt8]? = { nil },
        logger: Logger,
        requestGuard: @escaping @Sendable () -> RequestGuard?,
        makeUUID: @escaping @Sendable () -> String = UUID.make,
        metrics: HTTPMetrics,
        registry: PrometheusRegistry,
        measure: @escaping @Sendable () -> Void = {},
        answers: Budget = AnswerMemory.shared
    ) {
        self.answers = answers
        self.metrics = metrics
        self.requestGuard = requestGuard
        self.logger = logger
        strangers = StrangerLog(logger)
        let routes =
            HealthRoutes(database: database, peers: peers, version: version).routes
            + PeerRoutes(database: database, peers: peers).routes
            + DeltaRoutes(database: database, peers: peers).routes
            + MetricsRoutes(database: database, peers: peers, registry: registry, measure: measure).routes
            + LosslessRoutes(database: database).routes
            + ContextRoutes.routes(database, makeUUID: makeUUID)
            + SchemaRoutes.routes(database, makeUUID: makeUUID)
            + QueryRoutes(database: database, makeUUID: makeUUID).routes
            + SchemaEntityRoutes(database: database).routes
            + AuditRoutes(database: database, lastAudit: lastAudit).routes
            + CollectionRoutes(database: database, makeUUID: makeUUID).routes
            + AuthorshipRoutes(database: database).routes
            + StreamRoutes(database: database).routes
        table = RouteTable(OpenAPIRoutes.adding(to: routes, version: version))
    }

    /// Looks at all that is known before a request's body is read: who may ask, what for, and how large it may be.
    ///
    /// - Parameter peer: who is at the other end of the connection.
    func prepare(_ head: HTTPRequestHead, from peer: ConnectionPeer) throws(APIError) -> PreparedRequest {
        guard head.version.major == 1 else {
            throw APIError(status: .httpVersionNotSupported, error: "this server speaks HTTP/1.1")
        }
        guard let requestGuard = requestGuard() else {
            throw .unavailable("starting", "this node is starting; try again in a moment")
        }
        do throws(APIError) {
            try requestGuard.check(head.headers, from: peer)
        } catch {
            if case .otherUser(let user) = peer, error.status == .unauthorized { strangers.refused(user: user) }
            throw error
        }
        guard head.expectations.allSatisfy({ $0 == "100-continue" }) else {
            throw APIError(
                status: .expectationFailed,
                error: "the only expectation that is met here is 100-continue",
                details: ["field": "Expect"]
            )
        }
        let target = try RequestTarget(parsing: head.uri)
        guard let method = HTTPRequest.Method(head.method.rawValue) else {
            throw .badInput("this is not a method", field: "method")
        }
        let (route, texts) = try table.route(method, target.path)
        return PreparedRequest(
            route: route,
            target: target,
            texts: texts,
            headers: head.headers,
            body: route.bodies.isEmpty ? nil : try ContentTypes.check(head.headers, allowed: route.bodies)
        )
    }

    /// Answers a request whose body has been read.
    func respond(to prepared: PreparedRequest, body: [UInt8]) async -> Response {
        // Given back with the answer, which holds it until it has been written or its reader is gone.
        let memory = AnswerMemory(of: answers)
        do {
            let request = APIRequest(
                target: prepared.target,
                parameters: try ParameterValues(
                    path: prepared.texts,
                    query: prepared.target.query,
                    headers: prepared.headers,
                    stated: prepared.route.parameters
                ),
                headers: prepared.headers,
                body: body,
                bodyType: prepared.body?.type
            )
            let response = try await AnswerMemory.$current.withValue(memory) {
                try await prepared.route.handler(request)
            }
            return count(response.holding(memory), route: prepared.route.pattern)
        } catch {
            return refuse(APIError(error), route: prepared.route.pattern, cause: error)
        }
    }

    /// The answer to a request that is refused.
    func refuse(_ error: APIError, route: String = "none", cause: (any Error)? = nil) -> Response {
        if error.status == .internalServerError, let cause {
            logger.debug(
                "a request failed",
                metadata: ["http.route": "\(route)", "error": "\(type(of: cause))"]
            )
        }
        return count(.error(error), route: route)
    }

    private func count(_ response: Response, route: String) -> Response {
        metrics.answered(response.status.code)
        // The route as written in http.md, never the path: ids are people's data.
        logger.debug(
            "answered",
            metadata: ["http.route": "\(route)", "http.status": "\(response.status.code)"]
        )
        return response
    }
}
