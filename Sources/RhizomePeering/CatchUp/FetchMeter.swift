internal import Bytes
internal import Locks
internal import Logging
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Counts what one session fetches, and tells of it: in the log every few seconds at most and once at the end, to
/// whoever shows it in place ten times a second at most.
///
/// What is over within a second is not told, so a peer can't fill the log by being behind again and again.
final class FetchMeter: Sendable {
    private struct State {
        var deltas = 0
        var finishedLogs = 0
        var logs = 0
        var begun = Uptime.min
        var loggedAt: Uptime?
        var shownAt: Uptime?
        var isShown = false
        var isLogged = false
    }

    /// How often a line goes into the log at most.
    private static let logInterval = Duration.seconds(5)
    private static let showInterval = Duration.milliseconds(100)
    /// How long fetching takes before it is told at all.
    private static let patience = Duration.seconds(1)

    private let peer: PublicKey
    private let name: @Sendable () -> String
    private let clock: NodeClock
    private let logger: Logger
    private let onProgress: @Sendable (CatchUpProgress) -> Void
    private let state = Lock(State())

    init(
        peer: PublicKey,
        name: @escaping @Sendable () -> String,
        clock: NodeClock,
        logger: Logger,
        onProgress: @escaping @Sendable (CatchUpProgress) -> Void
    ) {
        self.peer = peer
        self.name = name
        self.clock = clock
        self.logger = logger
        self.onProgress = onProgress
    }

    /// Begins anew, with so many logs to fetch.
    func begin(logs: Int) {
        let now = clock.uptime
        state.withLock { state in
            state = State(logs: logs, begun: now, loggedAt: state.loggedAt, shownAt: nil)
        }
    }

    /// Counts accepted deltas.
    func fetched(_ deltas: Int) {
        state.withLock { $0.deltas += deltas }
        tell(isOver: false)
    }

    /// Counts a log that is done.
    func finishedLog() { state.withLock { $0.finishedLogs += 1 } }

    /// All is fetched that can be at present.
    func end() { tell(isOver: true) }

    private func tell(isOver: Bool) {
        let now = clock.uptime
        let (progress, shows, logs) = state.withLock { state in
            let progress = CatchUpProgress(
                peer: name(),
                deltas: state.deltas,
                finishedLogs: state.finishedLogs,
                logs: state.logs,
                seconds: (now - state.begun) / .seconds(1),
                isOver: isOver
            )
            let isTold = state.deltas > 0 && now - state.begun >= Self.patience
            let shows =
                isOver ? state.isShown : isTold && now - (state.shownAt ?? state.begun) >= Self.showInterval
            let isDue = now - (state.loggedAt ?? .min) >= Self.logInterval
            // Whatever has a line while it goes on has one at its end.
            let logs =
                isOver ? state.isLogged || isTold && isDue : isTold && isDue && now - state.begun >= Self.logInterval
            if shows {
                state.shownAt = now
                state.isShown = true
            }
            if logs {
                state.loggedAt = now
                state.isLogged = true
            }
            return (progress, shows, logs)
        }
        if shows { onProgress(progress) }
        guard logs else { return }
        logger.info(
            isOver ? "fetched what a peer has" : "catching up with a peer",
            metadata: [
                "peer": "\(peer.did)", "name": "\(progress.peer)", "deltas": "\(progress.deltas)",
                "logs": "\(progress.finishedLogs)/\(progress.logs)", "seconds": "\(Int(progress.seconds.rounded()))",
                "perSecond": "\(progress.perSecond)",
            ]
        )
    }
}
