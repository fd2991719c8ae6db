internal import Bytes
internal import HTTPTypes
internal import NIOCore
internal import StrictJSON

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
    /// Something of a header has come, and not the whole.
    private var hasHeaderBegun = false
    /// Nothing more is taken up: what is being answered is the last.
    private(set) var isEnding = false
    private var pendingWrites = 0
    /// Since when we have been at work on the answer that is next.
    private var workingSince: NIODeadline?
    /// The answer goes on until its reader leaves.
    private var isStreaming = false
    /// Requests whose answers have not ended.
    private(set) var requests = 0

    /// A connection that was accepted at this moment.
    init(limits: HTTPLimits, now: NIODeadline) {
        self.limits = limits
        reading = Deadline(.header, since: now, limits.header)
    }

    /// Whether there is something that the socket has not taken yet.
    var isWriting: Bool { pendingWrites > 0 }

    /// A piece of a header has come that doesn't end it.
    mutating func headerBegan() {
        if !isReadingRequest { hasHeaderBegun = true }
    }

    /// The header of a request is complete.
    mutating func headArrived(_ now: NIODeadline) {
        guard !isEnding else { return }
        takeUp(now)
        isReadingRequest = true
        // A request that comes while another is being answered waits for us, not we for it.
        reading = requests == 1 ? Deadline(.body, since: now, limits.body) : nil
    }

    private mutating func takeUp(_ now: NIODeadline) {
        requests += 1
        if requests == 1 { workingSince = now }
        hasHeaderBegun = false
    }

    /// What was coming, a header or a body, can't become a request: it gets an answer, and nothing after it does.
    mutating func requestFailed(_ now: NIODeadline) {
        if !isReadingRequest { takeUp(now) }
        isReadingRequest = false
        isEnding = true
        reading = nil
    }

    /// A request is complete.
    mutating func requestEnded() {
        guard !isEnding else { return }
        isReadingRequest = false
        if requests > 0 { reading = nil }
    }

    /// The answer that is written next goes on until its reader leaves.
    mutating func streamBegan() { isStreaming = true }

    /// An answer has been handed over whole.
    mutating func answerEnded(_ now: NIODeadline) {
        requests -= 1
        isStreaming = false
        workingSince = requests > 0 ? now : nil
        if isEnding {
            if requests == 0 { linger(now) }
        } else if isReadingRequest {
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
        isEnding = true
        linger(now)
    }

    private mutating func linger(_ now: NIODeadline) { reading = Deadline(.linger, since: now, limits.linger) }

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

    /// What a peer is told whose deadline passes in the middle of its request (RFC 9110, section 15.5.9); `nil` where it
    /// is cut without a word.
    ///
    /// A connection on which nothing comes asks for nothing: an answer could be taken for that to what it asks next.
    func answer(to expiry: Expiry) -> APIError? {
        switch expiry {
        case .body: .tooSlow("body", limit: limits.body)
        case .header where hasHeaderBegun: .tooSlow("header", limit: limits.header)
        case .idle where hasHeaderBegun: .tooSlow("header", limit: limits.idle)
        case .header, .idle, .write, .linger: nil
        }
    }

    /// What a connection has to say for itself when there are too many.
    var claim: ConnectionClaim {
        guard !isStreaming else { return .streaming }
        return switch (reading?.since, writing?.since) {
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
    /// It tells a stream: has a place of its own, and makes room for nobody.
    case streaming
}

extension APIError {
    /// 408, naming what didn't come in time.
    fileprivate static func tooSlow(_ part: String, limit: TimeAmount) -> APIError {
        APIError(
            status: .requestTimeout,
            error: "the request's \(part) took too long to come",
            details: ["limitMilliseconds": .integer(limit.nanoseconds / 1_000_000)]
        )
    }
}
