internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeViews
internal import StrictJSON

/// All routes, and which one a request means.
///
/// Hummingbird's own router neither decodes the parts of a path nor tells `//` from `/`, and what it doesn't know it
/// answers without a body; the table is small enough to be looked through.
struct RouteTable: Sendable {
    let routes: [Route]

    /// A table; where several paths fit, that with the fewest variable parts is meant, and the first one of those.
    init(_ routes: [Route]) { self.routes = routes }

    /// The route of a request with the texts of its variable parts.
    ///
    /// - Throws: 404, 405 with `Allow`, or 400 where something is to be written to a reserved name that is no path yet.
    func route(_ method: HTTPRequest.Method, _ path: [Text]) throws(APIError) -> (Route, RoutePath.Texts) {
        let wanted = method == .head ? .get : method
        let fitting = routes.compactMap { route in route.path.match(path).map { (route: route, texts: $0) } }
        let fewest = fitting.map(\.texts.count).min()
        let meant = fitting.filter { $0.texts.count == fewest }
        if let found = meant.first(where: { $0.route.method == wanted }) { return found }
        var reserved: APIError?
        if method == .put, path.first == "api", path.count == 2 || path.count == 3 {
            do throws(FieldError) {
                try ReservedNames.check(collection: path[1])
                if path.count == 3 { try ReservedNames.check(id: path[2]) }
            } catch {
                reserved = APIError(error)
            }
        }
        var allowed = Set(meant.map(\.route.method.rawValue))
        guard !allowed.isEmpty else { throw reserved ?? .notFound }
        if allowed.contains("GET") { allowed.insert("HEAD") }
        throw APIError(
            status: .methodNotAllowed,
            error: "Method Not Allowed",
            details: reserved.map { ["message": .string($0.error)] } ?? [:],
            fields: [.allow: allowed.sorted().joined(separator: ", ")]
        )
    }
}
