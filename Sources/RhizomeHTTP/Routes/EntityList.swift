internal import Bytes
internal import HummingbirdCore
internal import RhizomeViews
internal import StrictJSON

/// `{"ids": […]}` of entities: a page, or the whole list bit by bit (spec: http.md).
enum EntityList {
    /// Entities that a complete list asks for at once.
    private static let batch = 256

    /// The answer to a request for ids.
    ///
    /// - Parameter read: gives the ids after one, so many at most.
    static func response(
        to request: APIRequest,
        page: PageRequest,
        _ read: @escaping @Sendable (_ last: Text?, _ count: Int) async throws -> CollectionPage
    ) async throws -> Response {
        let batch = page.limit ?? Self.batch
        // Read before the answer begins: its first line tells whether that succeeded.
        let first = try await read(try PageCursor.entity(page.after), batch)
        let isComplete = page.limit == nil
        let list = JSONList(prefix: "{\"ids\":", suffix: "}") {
            var next: CollectionPage? = first
            return {
                guard let page = next else { return [] }
                if isComplete, page.hasMore, let last = page.ids.last {
                    next = try await read(last, batch)
                } else {
                    next = nil
                }
                return page.ids.map { .text($0) }
            }
        }
        var response = list.response()
        if let limit = page.limit, first.hasMore, let last = first.ids.last {
            response.linkToNext(request.target, limit: limit, after: .entity(last))
        }
        return response
    }
}
