internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import StrictJSON

/// The description of the API, for programs that make clients of it or test it.
enum OpenAPIRoutes {
    /// The one that describes all routes, itself among them, and the routes.
    ///
    /// - Parameter version: the software's.
    static func adding(to routes: [Route], version: String) -> [Route] {
        /// - Parameter description: the bytes of the description.
        func route(_ description: @escaping @Sendable () -> [UInt8]) -> Route {
            Route(
                .get,
                "/api/openapi.json",
                "This description",
                answers: [
                    .json("OpenAPI 3.1", .object(["openapi": .text, "paths": .object(others: .any)], others: .any))
                ]
            ) { _ in .json(encoded: description()) }
        }
        // What it describes doesn't depend on what the route does.
        let document = OpenAPIDocument(routes: [route { [] }] + routes, version: version)
        return [route { JSONValue.object(document.json).encoded }] + routes
    }
}
