package import Bytes
internal import Locks
internal import RhizomeQueries

/// Results of which more pages may be asked for, for a while and as long as there is room (spec: query.md, "One state").
package final class KeptResults: Sendable {
    /// How long a result is kept after it was asked for last.
    private static let time: Duration = .seconds(60)

    fileprivate struct Entry {
        let answer: QueryAnswer
        let bytes: Int
        var end: Uptime
    }

    fileprivate struct State {
        var entries: [[UInt8]: Entry] = [:]
        var bytes = 0
    }

    private let capacity: Int
    private let now: @Sendable () -> Uptime
    private let state = Lock(State())

    /// Room for results.
    ///
    /// - Parameters:
    ///   - bytes: how much all may take; 64 MiB unless told otherwise.
    ///   - now: the clock that never goes back.
    package init(bytes: Int = 64 << 20, now: @escaping @Sendable () -> Uptime) {
        capacity = bytes
        self.now = now
    }

    /// The result of a query, told by what names it and its state.
    package func answer(_ key: [UInt8]) -> QueryAnswer? {
        let now = now()
        return state.withLock { state in
            state.drop(endedBy: now)
            state.entries[key]?.end = now + Self.time
            return state.entries[key]?.answer
        }
    }

    /// Keeps a result; those that were asked for longest ago make room, and one that is too large for all isn't kept.
    package func keep(_ answer: QueryAnswer, _ key: [UInt8]) {
        let bytes = answer.result.approximateBytes
        guard bytes <= capacity else { return }
        let now = now()
        state.withLock { state in
            state.drop(endedBy: now)
            state.remove(key)
            while state.bytes + bytes > capacity,
                let first = state.entries.min(by: { $0.value.end < $1.value.end })?.key
            {
                state.remove(first)
            }
            state.entries[key] = Entry(answer: answer.kept, bytes: bytes, end: now + Self.time)
            state.bytes += bytes
        }
    }
}

extension KeptResults.State {
    fileprivate mutating func remove(_ key: [UInt8]) {
        bytes -= entries.removeValue(forKey: key)?.bytes ?? 0
    }

    fileprivate mutating func drop(endedBy now: Uptime) {
        for key in entries.filter({ $0.value.end <= now }).keys { remove(key) }
    }
}
