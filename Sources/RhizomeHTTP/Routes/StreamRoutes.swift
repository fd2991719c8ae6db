internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeDatabase

/// Changes as they come, for as long as somebody listens (spec: streams.md).
struct StreamRoutes {
    private static let query: [any StatedParameter] = [
        Query.since, Query.context, Query.authors, Query.without, Query.filter,
    ]

    let database: Database
    private let places = StreamPlaces()

    init(database: Database) { self.database = database }

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/deltas/stream",
                "The deltas as they are accepted",
                query: Self.query,
                headers: [Header.lastEventID],
                answers: [.events("Events named delta, ready, reset and end")],
                deltas
            ),
            Route(
                .get,
                "/api/\(Path.collection)/stream",
                "What becomes of a collection's entities, as it comes",
                query: Self.query,
                headers: [Header.lastEventID],
                answers: [.events("Events named created, updated, deleted, ready, reset and end")],
                collection
            ),
        ]
    }

    @Sendable private func deltas(_ request: APIRequest) async throws -> Response {
        try await stream(DeltaStream(database), request)
    }

    @Sendable private func collection(_ request: APIRequest) async throws -> Response {
        try await stream(CollectionStream(of: request[Path.collection], database), request)
    }

    private func stream(_ source: some StreamSource, _ request: APIRequest) async throws -> Response {
        let stream = try await EventStream(
            source,
            from: request[Header.lastEventID].map { .after($0) } ?? request[Query.since] ?? .now,
            seenFrom: Viewpoint(
                context: request[Query.context],
                authors: request[Query.authors],
                without: request[Query.without] ?? [],
                filter: request[Query.filter]
            ),
            database,
            place: try places.take()
        )
        return try await .streamed(stream, type: MediaTypes.eventStream)
    }
}
