internal import NIOCore

/// Until when a connection's peer has to do what comes next: a pure value, told of events and asked for the verdict.
struct ConnectionDeadlines {
    /// Which deadline passed: the closed set of a metric's label.
    enum Expiry: String, CaseIterable, Sendable {
        case header, body, write, idle, linger
    }

    private struct Deadline {
        let expiry: Expiry
        let since: NIODeadline
        let until: NIODeadline

        init(_ expiry: Expiry, since: NIODeadline, _ amount: TimeAmount) {
            self.expiry = expiry
            self.since = since
            until = since + amount
        }
    }

    private let limits: HTTPLimits
    /// What the peer has to send; none while we are at work on an answer.
    private var reading: Deadline?
    /// What the peer has to take; none while nothing is on its way to it.
    private var writing: Deadline?
    private var isReadingRequest = false
    private var isClosing = false
    private var pendingWrites = 0
    /// Since when we have been at work on the answer that is next.
    private var workingSince: NIODeadline?
    /// Requests whose answers have not ended.
    private(set) var requests = 0

    /// A connection that was accepted at this moment.
    init(limits: HTTPLimits, now: NIODeadline) {
        self.limits = limits
        reading = Deadline(.header, since: now, limits.header)
    }

    /// Whether there is something that the socket has not taken yet.
    var isWriting: Bool { pendingWrites > 0 }

    /// The header of a request is complete.
    mutating func headArrived(_ now: NIODeadline) {
        requests += 1
        isReadingRequest = true
        if requests == 1 { workingSince = now }
        // A request that comes while another is being answered waits for us, not we for it.
        reading = requests == 1 ? Deadline(.body, since: now, limits.body) : nil
    }

    /// A request is complete.
    mutating func requestEnded() {
        isReadingRequest = false
        if requests > 0 { reading = nil }
    }

    /// An answer has been handed over whole.
    mutating func answerEnded(_ now: NIODeadline) {
        requests -= 1
        workingSince = requests > 0 ? now : nil
        guard !isClosing else { return }
        if isReadingRequest {
            reading = Deadline(.body, since: now, limits.body)
        } else {
            reading = requests > 0 ? nil : Deadline(.idle, since: now, limits.idle)
        }
    }

    /// A part of an answer has been handed to the socket.
    mutating func writeBegan(_ now: NIODeadline) {
        pendingWrites += 1
        if pendingWrites == 1 { writing = Deadline(.write, since: now, limits.write) }
    }

    /// The socket has taken a part.
    mutating func writeEnded(_ now: NIODeadline) {
        pendingWrites -= 1
        writing = pendingWrites > 0 ? Deadline(.write, since: now, limits.write) : nil
    }

    /// We will write nothing any more.
    mutating func outputClosed(_ now: NIODeadline) {
        isClosing = true
        reading = Deadline(.linger, since: now, limits.linger)
    }

    /// The next moment at which something may have expired.
    var next: NIODeadline? {
        switch (reading?.until, writing?.until) {
        case (let reading?, let writing?): min(reading, writing)
        case (let reading, let writing): reading ?? writing
        }
    }

    /// Which deadline has passed.
    func expiry(at now: NIODeadline) -> Expiry? {
        [writing, reading].compactMap { $0 }.first { $0.until <= now }?.expiry
    }

    /// What a connection has to say for itself when there are too many.
    var claim: ConnectionClaim {
        switch (reading?.since, writing?.since) {
        case (let reading?, let writing?): .waiting(since: min(reading, writing))
        case (let since?, nil), (nil, let since?): .waiting(since: since)
        case (nil, nil): .working(since: workingSince ?? .now())
        }
    }
}

/// How much a connection deserves to stay when there are too many: the least comes first.
enum ConnectionClaim: Comparable, Sendable {
    /// We have been waiting for its peer since this moment.
    case waiting(since: NIODeadline)
    /// We have been at work on an answer since this moment.
    case working(since: NIODeadline)
}
