internal import Locks
package import RhizomeCore
internal import SignedStatements

/// What memory knows of the logs that are held: where they end, and what was appended lately.
///
/// It is looked at in place of the store, and kept up to date by what is appended. Of most deltas that come in it tells
/// that they are new, and what they follow; of most that peers tell of, that they are held. Bounded; of what it doesn't
/// know the store is asked.
package final class HeldLogs: Sendable {
    /// A moment in an author's log, from which on its heads are being read.
    struct Reading: Sendable {
        fileprivate let author: PublicKey
        fileprivate let number: UInt64
    }

    private struct State {
        /// The heads of whole logs with their sequences, by author.
        var logs: [PublicKey: [DeltaID: Int64]] = [:]
        /// Readings under way, which end in vain where something is appended meanwhile.
        var readings: [PublicKey: UInt64] = [:]
        var lastReading: UInt64 = 0
        /// What was appended last; when the first half is full the second is forgotten.
        var recent: Set<DeltaID> = []
        var older: Set<DeltaID> = []
    }

    /// Heads of a log that are remembered; logs of more aren't.
    static let mostHeads = 64
    private static let mostLogs = 4_096
    private static let mostRecent = 4_096

    private let state = Lock(State())

    /// Whether a delta is known to be held; where not, that isn't known.
    package func contains(_ head: AuthorHead) -> Bool {
        state.withLock { state in
            state.recent.contains(head.id) || state.older.contains(head.id)
                || state.logs[head.author]?[head.id] != nil
        }
    }

    /// Whether a delta is held; `nil` where only the store can tell.
    func holds(_ delta: SignedDelta) -> Bool? {
        state.withLock { state in
            if state.recent.contains(delta.id) || state.older.contains(delta.id) { return true }
            guard let heads = state.logs[delta.author] else { return nil }
            if heads[delta.id] != nil { return true }
            // Each delta's sequence is below that of one that follows it.
            return heads.values.allSatisfy { $0 < delta.header.sequence } ? false : nil
        }
    }

    /// Takes note that an author's heads are being read.
    ///
    /// - Returns: `nil` where they are known.
    func startReading(_ author: PublicKey) -> Reading? {
        state.withLock { state in
            guard state.logs[author] == nil else { return nil }
            state.lastReading += 1
            if state.readings.count >= Self.mostLogs { state.readings = [:] }
            state.readings[author] = state.lastReading
            return Reading(author: author, number: state.lastReading)
        }
    }

    /// Takes an author's heads as they were read.
    ///
    /// - Parameter heads: all of them, or more than ``mostHeads``.
    func finish(_ reading: Reading, _ heads: [Head]) {
        state.withLock { state in
            guard state.readings[reading.author] == reading.number else { return }
            state.readings[reading.author] = nil
            guard heads.count <= Self.mostHeads else { return }
            if state.logs.count >= Self.mostLogs { state.logs = [:] }
            state.logs[reading.author] = Dictionary(
                uniqueKeysWithValues: heads.map { ($0.id, $0.sequence) }
            )
        }
    }

    /// Takes note of what was appended, in that order; must be told of all of it.
    func note(_ stored: [StoredDelta]) {
        state.withLock { state in
            for stored in stored {
                let delta = stored.delta
                state.readings[delta.author] = nil
                if state.recent.count >= Self.mostRecent / 2 {
                    state.older = state.recent
                    state.recent = []
                }
                state.recent.insert(delta.id)
                guard state.logs[delta.author] != nil else { continue }
                for previous in delta.header.previous { state.logs[delta.author]?[previous] = nil }
                state.logs[delta.author]?[delta.id] = delta.header.sequence
                if state.logs[delta.author]?.count ?? 0 > Self.mostHeads { state.logs[delta.author] = nil }
            }
        }
    }

    /// Forgets everything: what the store holds isn't known any more.
    func forget() {
        state.withLock { state in
            state = State(lastReading: state.lastReading)
        }
    }
}
