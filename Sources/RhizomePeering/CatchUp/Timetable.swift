internal import Bytes

/// When a session asks its peer for what is asked for at times, on one connection: a pure value (spec: peering.md,
/// "Requests", "Catching up").
struct Timetable: Sendable {
    /// What is asked for at times.
    enum Request: CaseIterable, Sendable {
        case hello
        /// All heads.
        case compare
        case peers
        case news
    }

    /// When something that failed is tried again.
    private static let retryInterval = Duration.seconds(10)
    /// A request a peer gets at least that often: one that can't reach us takes us for connected by that (30 s).
    private static let signOfLife = Duration.seconds(25)
    /// How long there is at least between two requests of a kind to which the peer's own messages give rise: whoever
    /// publishes more than we take isn't asked for each that was dropped.
    static let shortestWait = Duration.seconds(1)
    /// How long it takes until something is asked for the second time, in thirds of its interval: so requests of the same
    /// interval are spread over it.
    private static let firstThirds: [Request: Int] = [.hello: 1, .peers: 2]

    private let rhythm: Rhythm
    private var due: [Request: Uptime] = [:]
    private var asked: [Request: Uptime] = [:]
    private var answered: Set<Request> = []
    /// By when the peer is to get any request.
    private var signDue: Uptime?

    /// All is due at once.
    ///
    /// - Parameter rhythm: of the node's sessions.
    init(rhythm: Rhythm) {
        self.rhythm = rhythm
        for request in Request.allCases { due[request] = .min }
    }

    /// When something is to be asked for.
    ///
    /// - Parameter isGreeted: whether `hello` was answered; nothing else is asked for before.
    func next(isGreeted: Bool) -> Uptime {
        guard isGreeted else { return due[.hello] ?? .max }
        return min(due.values.min() ?? .max, signDue ?? .max)
    }

    /// Whether something is to be asked for now.
    func isDue(_ request: Request, now: Uptime) -> Bool {
        guard let due = due[request] else { return false }
        if now >= due { return true }
        // A sign of life: what comes next anyway comes now.
        guard request != .compare, let signDue, now >= signDue else { return false }
        return self.due.allSatisfy { $0.key == .compare || $0.value >= due }
    }

    /// It is asked for now, and again soon unless that works.
    ///
    /// - Parameter isHasty: whether the next request comes a moment of the rhythm earlier than it has to: where that is
    ///   drawn at random, a node's peers don't go on being asked all at the same moment.
    mutating func start(_ request: Request, now: Uptime, isHasty: Bool) {
        asked[request] = now
        signDue = rhythm.last(upTo: now + Self.signOfLife) - (isHasty ? Rhythm.interval : .zero)
        due[request] = now + Self.retryInterval
    }

    /// It was answered.
    ///
    /// - Parameter interval: after how long it is asked for again.
    mutating func finish(_ request: Request, interval: Duration, now: Uptime) {
        let isFirst = answered.insert(request).inserted
        let next = now + (isFirst ? interval * (Self.firstThirds[request] ?? 3) / 3 : interval)
        due[request] = max(rhythm.last(upTo: next), now + Self.shortestWait)
    }

    /// It is due by this moment, but so long after it was asked for last at the earliest.
    mutating func hasten(_ request: Request, to moment: Uptime, waiting wait: Duration = Timetable.shortestWait) {
        let soonest = asked[request].map { $0 + wait } ?? .min
        due[request] = min(due[request] ?? .max, max(moment, soonest))
    }

    /// It isn't due before this moment.
    mutating func putOff(_ request: Request, until moment: Uptime) { due[request] = moment }
}
