internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeViews
internal import StrictJSON

/// The deltas of a selection: a page, or all of them bit by bit (spec: schemas.md, "Queries by schema").
enum FoundDeltaList {
    /// Searches for one page at most: one that finds little ends early, with a cursor.
    private static let searches = 4
    /// Deltas that are searched for at once where all are asked for.
    private static let batch = 256

    /// The answer to a request for deltas.
    static func response(
        to request: APIRequest,
        _ selection: DeltaSelection,
        in log: any DeltaLog
    ) async throws -> Response {
        let page = request.page
        let after: Word? =
            switch selection.order {
            case .created: try PageCursor.moment(page.after, epoch: log.epoch)
            case .accepted:
                try page.after.map { after throws(APIError) in
                    let position = try PageCursor.position(after, epoch: log.epoch)
                    return Word(moment: WordMoment(number: 0), position: position)
                }
            }
        // Read before the answer begins: its first line tells whether that succeeded.
        var first = try await log.find(selection, after: after, limit: page.limit ?? batch)
        guard let limit = page.limit else {
            return list(first, in: log) { try await log.find(selection, after: $0, limit: batch) }.response()
        }
        for _ in 1..<searches {
            guard first.positions.count < limit, let end = first.end else { break }
            let more = try await log.find(selection, after: end, limit: limit - first.positions.count)
            first = FoundDeltas(positions: first.positions + more.positions, end: more.end)
        }
        var response = list(first, in: log, next: nil).response()
        if let end = first.end {
            let cursor: PageCursor =
                selection.order == .created
                ? .moment(end, epoch: log.epoch) : .position(end.position, epoch: log.epoch)
            response.linkToNext(request.target, limit: limit, after: cursor)
        }
        return response
    }

    /// - Parameter next: finds what follows; none where a page is all.
    private static func list(
        _ first: FoundDeltas,
        in log: any DeltaLog,
        next: (@Sendable (Word) async throws -> FoundDeltas)?
    ) -> JSONList {
        JSONList {
            var end = first.end
            var positions = first.positions[...]
            var batches = DeltaBatches(log)
            return {
                while positions.isEmpty, let after = end, let next {
                    try Task.checkCancellation()
                    let found = try await next(after)
                    (positions, end) = (found.positions[...], found.end)
                }
                return try await batches.next(of: &positions).map { .object($0.json) }
            }
        }
    }
}
