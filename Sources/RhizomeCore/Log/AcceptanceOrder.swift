/// The deltas of a log in the order in which they were accepted, by position: dense, from 1, never used twice.
public protocol AcceptanceOrder: Sendable {
    /// Names this log, 16 random bytes made with it: a position means nothing in another one.
    var epoch: [UInt8] { get }

    /// How many deltas are held: also the last position.
    func count() async throws -> Int64

    /// Deltas by position, those after `position`.
    func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta]

    /// Entries by position as they lie in the log, undecoded, for the audit: at least one where there are any, and as
    /// many more as weigh no more than `maximumBytes` together.
    func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry]

    /// A named cursor's position; 0 where it was never set.
    func cursor(_ name: String) async throws -> Int64
}
