/// A moment by the wall clock: µs since 1970 UTC, as deltas, trust statements and the store hold it (spec: delta.md).
///
/// Of a clock that people and programs set, which may jump both ways: for what is signed, stored and shown. What has
/// to happen after a while is due at an ``Uptime``.
@frozen
public struct Timestamp: MicrosecondInstant {
    /// µs since 1970 UTC, below zero for what was before.
    public let microseconds: Int64

    /// The moment so many µs after that.
    @inlinable
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The next one, 1 µs later.
    @inlinable public var next: Timestamp { self + .microseconds(1) }
}
