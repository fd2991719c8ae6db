internal import Locks

/// The rows and bytes that all queries of a process hold together.
public final class QueryRoom: Sendable {
    /// The one that all queries of a process share.
    public static let shared = QueryRoom()

    private struct State {
        var rows = 0
        var bytes = 0
    }

    private let mostRows: Int
    private let mostBytes: Int
    private let state = Lock(State())

    /// Room for so much.
    public init(rows: Int = QueryBounds.rows, bytes: Int = QueryBounds.bytes) {
        mostRows = rows
        mostBytes = bytes
    }

    /// The bytes that are held.
    public var bytes: Int { state.withLock { $0.bytes } }
    /// The rows that are held.
    public var rows: Int { state.withLock { $0.rows } }

    /// Takes room, where there is as much.
    ///
    /// - Returns: what there isn't enough of, with how much there is in all; `nil` where it was taken.
    func take(_ weight: QueryMeter.Weight) -> (code: QueryLimit.Code, most: Int)? {
        state.withLock { state in
            guard state.rows + weight.rows <= mostRows else { return (.rows, mostRows) }
            guard state.bytes + weight.bytes <= mostBytes else { return (.bytes, mostBytes) }
            state.rows += weight.rows
            state.bytes += weight.bytes
            return nil
        }
    }

    func give(_ weight: QueryMeter.Weight) {
        state.withLock { state in
            state.rows -= weight.rows
            state.bytes -= weight.bytes
        }
    }
}
