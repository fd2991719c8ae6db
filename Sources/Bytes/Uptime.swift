/// A moment by the clock that never goes back: µs since some moment that a reboot changes.
///
/// For deadlines, pauses and measurements within one run of the program; it is never stored nor sent.
@frozen
public struct Uptime: MicrosecondInstant {
    /// µs since the moment from which the clock counts, below zero for what was before.
    public let microseconds: Int64

    /// The moment so many µs after that.
    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }
}
