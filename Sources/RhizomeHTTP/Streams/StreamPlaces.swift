internal import Locks

/// Bounds of streams (spec: streams.md).
enum StreamLimits {
    /// Streams at once.
    static let streams = 64
    /// After how long a reader to whom nothing is told is sent a comment, which shows whether it is there.
    static let silence = Duration.seconds(15)
    /// After how many ms a reader is to come again.
    static let retry = 2_000
}

/// The places of all streams.
final class StreamPlaces: Sendable {
    /// A place that is given back once nobody holds it.
    final class Place: Sendable {
        private let places: Budget

        fileprivate init(of places: Budget) { self.places = places }

        deinit { places.give(1) }
    }

    private let places = Budget(limit: StreamLimits.streams)

    /// A place for a stream.
    ///
    /// - Throws: 503 where there is none.
    func take() throws(APIError) -> Place {
        guard places.take(1) else {
            throw .unavailable(
                "busy",
                "\(StreamLimits.streams) streams are open, and there are no more; try again later"
            )
        }
        return Place(of: places)
    }
}
