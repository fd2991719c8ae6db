internal import Locks
internal import SignedStatements

/// Publications that came in and wait to be worked on, by peer: those of one peer are taken in their order, all that wait
/// together.
///
/// Bounded by what ``Peering`` lets in of one peer. Else one delta would overtake the one that it follows, and have to wait
/// for it.
final class PublicationInbox: Sendable {
    private struct Waiting {
        var jobs: [PeerJob] = []
        /// Whether somebody takes them.
        var isTaken = false
    }

    private let waiting = Lock<[PublicKey: Waiting]>([:])

    /// Adds one.
    ///
    /// - Returns: whether the caller is to take what there is of this peer, until there is nothing.
    func add(_ job: PeerJob) -> Bool {
        waiting.withLock { waiting in
            let wasTaken = waiting[job.peer]?.isTaken ?? false
            waiting[job.peer, default: Waiting()].jobs.append(job)
            waiting[job.peer]?.isTaken = true
            return !wasTaken
        }
    }

    /// Takes all that wait of a peer; none where nobody takes them any more.
    func take(of peer: PublicKey) -> [PeerJob] {
        waiting.withLock { waiting in
            guard let jobs = waiting[peer]?.jobs, !jobs.isEmpty else {
                waiting[peer] = nil
                return []
            }
            waiting[peer]?.jobs = []
            return jobs
        }
    }
}
