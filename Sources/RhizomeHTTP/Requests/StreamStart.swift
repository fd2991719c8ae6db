internal import Bytes

/// Where a stream begins, as it is asked for by `?since=`.
enum StreamStart: Equatable, Sendable {
    /// With what comes from now on.
    case now
    /// With the first delta.
    case start
    /// After what was read before.
    case after(StreamPosition)

    init?(_ text: Text) {
        switch text {
        case "now": self = .now
        case "start": self = .start
        default:
            guard let position = StreamPosition(text) else { return nil }
            self = .after(position)
        }
    }
}
