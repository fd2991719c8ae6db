internal import Locks
internal import SignedStatements

/// How much of each peer is being worked on, counted on whichever thread, so that nobody has to go to another one for it.
final class JobsInFlight: Sendable {
    /// What of one peer is being worked on.
    private struct Share {
        var requests = 0
        var publications = 0
        var bytes = 0

        /// Whether there is room for so many bytes; for anything where there is nothing.
        func hasRoom(for bytes: Int) -> Bool {
            self.bytes == 0 || self.bytes + bytes <= PeeringLimits.bytesInFlight
        }

        mutating func count(_ job: PeerJob, _ change: Int) {
            switch job {
            case .request: requests += change
            case .publication: publications += change
            }
            bytes += change * job.body.count
        }
    }

    private let shares = Lock<[PublicKey: Share]>([:])

    /// Whether there is room for one more.
    func hasRoom(for job: PeerJob) -> Bool {
        shares.withLock { shares in
            let share = shares[job.peer] ?? Share()
            return switch job {
            case .request:
                share.requests < PeeringLimits.requestsInFlight && share.hasRoom(for: job.body.count)
            case .publication:
                share.publications < PeeringLimits.publicationsInFlight && share.hasRoom(for: job.body.count)
            }
        }
    }

    /// One begins.
    func begin(_ job: PeerJob) { shares.withLock { $0[job.peer, default: Share()].count(job, 1) } }

    /// These are done.
    func end(_ jobs: [PeerJob]) {
        shares.withLock { shares in for job in jobs { shares[job.peer, default: Share()].count(job, -1) } }
    }

    /// Requests of all peers.
    var requests: Int { shares.withLock { $0.values.reduce(0) { $0 + $1.requests } } }

    /// Publications of all peers.
    var publications: Int { shares.withLock { $0.values.reduce(0) { $0 + $1.publications } } }
}
