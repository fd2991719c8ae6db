internal import Bytes
internal import Locks
internal import RhizomeCore
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements

/// Keeps the ``Exclusion`` of the list in force.
///
/// Worked out once for all reads, and again when the trusted-peer list has changed, or something was appended to the log
/// of an author of whom the list keeps a part: an id that `keep` names may have been on its way through admission.
final class Exclusions: Sendable {
    private struct Known {
        let number: Int
        /// The statement that was the list's last one.
        let statement: Bytes32?
        /// The authors of whom a part is kept.
        let authors: Set<PublicKey>
        let exclusion: Task<Exclusion, any Error>
    }

    private struct State {
        var count = 0
        var known: Known?
    }

    private let log: any AuthorLogs
    private let state = Lock(State())

    init(log: any AuthorLogs) { self.log = log }

    /// What a list keeps out now; the same one until the list or such a log changes.
    ///
    /// - Throws: what the log throws; the next call asks it again.
    func exclusion(by trust: TrustList) async throws -> Exclusion {
        let known = state.withLock { [log] state in
            if let known = state.known, known.statement == trust.head { return known }
            state.count += 1
            let number = state.count
            let known = Known(
                number: number,
                statement: trust.head,
                authors: Set(Self.keptInPart(by: trust)),
                // No reader's own: all that come meanwhile wait for it. It ends with the log's answers.
                exclusion: Task { try await Exclusion(by: trust, in: log, number: number) }
            )
            state.known = known
            return known
        }
        do {
            return try await known.exclusion.value
        } catch {
            state.withLock { state in if state.known?.number == known.number { state.known = nil } }
            throw error
        }
    }

    /// Takes note of what was appended; must be told of all of it.
    func note(_ appended: [StoredDelta]) {
        state.withLock { state in
            guard let authors = state.known?.authors, !authors.isEmpty else { return }
            if appended.contains(where: { authors.contains($0.delta.author) }) { state.known = nil }
        }
    }

    /// The distrusted authors of whom a part is kept.
    private static func keptInPart(by trust: TrustList) -> [PublicKey] {
        trust.entries.values.compactMap { entry in
            guard entry.action == .distrust, case .ids = entry.keep else { return nil }
            return entry.identity
        }
    }
}
