internal import RhizomeDatabase
internal import RhizomeViews

/// What a stream tells: read from the log after a position, so that nothing is kept for a reader.
protocol StreamSource: Sendable {
    /// The next events.
    ///
    /// - Returns: the events with the position at which who has read each goes on, in that order; and up to where the log
    ///   was read. That is the same position as before where nothing has come since.
    mutating func next(
        after position: Int64,
        as perspective: Perspective
    ) async throws -> (events: [(event: StreamEvent, position: Int64)], position: Int64)
}
