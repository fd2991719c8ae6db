internal import Locks
internal import Synchronization

/// What becomes of a client that asks to be let in (RFC 27).
package enum ZAPDecision: Sendable, Equatable {
    /// 200: admitted; every message of the connection carries the user id, 1 to 255 bytes without NUL.
    case admit(userID: String)
    /// 300: not now. The client isn't told, and tries again each time its handshake interval runs out.
    case tryLater
    /// 400: no. The client is told, and never tries again by itself.
    case refuse
}

/// Decides who is let into a domain: given the client's X25519 key (32 bytes) and IP address.
///
/// Runs on the handler's own thread and must be quick: every handshake of the process waits for it.
package typealias ZAPAuthorizer = @Sendable (_ clientKey: [UInt8], _ address: String) -> ZAPDecision

/// The process's ZAP handler: the only door into its CURVE servers (RFC 27).
///
/// A context can have one, at `inproc://zeromq.zap.01`, and it must be there before any server is bound. So servers need
/// a `ZAPDomain` (`Socket.curveServer`), and only a running handler gives them out. It has a thread of its own, so that
/// a busy node doesn't hold up handshakes, and no end. Without an answer nobody is let in.
package final class ZAPHandler: Sendable {
    /// How often the handler answered what.
    package struct Counts: Sendable, Equatable {
        /// 200.
        package var admitted = 0
        /// 300.
        package var postponed = 0
        /// 400 as the authoriser said.
        package var refused = 0
        /// 400 since the domain has no authoriser, or no more.
        package var unknownDomain = 0
        /// 400 since the client doesn't come with CURVE and a key of 32 bytes.
        package var unsupported = 0
        /// 500 since the authoriser gave a user id that can't be one.
        package var failed = 0
        /// Requests that are none, dropped.
        package var malformed = 0
    }

    private struct State {
        var authorizers: [String: ZAPAuthorizer] = [:]
        var counts = Counts()
    }

    static let endpoint = "inproc://zeromq.zap.01"

    // Owner: the process. It ends once the handler is bound, and is made once.
    private static let starting = Task { try await ZAPHandler() }

    private let state = Lock(State())
    private let thread: SocketThread

    /// The handler, bound and answering; started by the first caller.
    ///
    /// - Throws: `resources`, or `addressInUse` where something else handles ZAP in this process.
    package static func shared() async throws -> ZAPHandler { try await starting.value }

    private init() async throws {
        thread = try SocketThread(name: "zap")
        try await thread.perform { [self] in
            let socket = try ZAPSocket(on: thread) { [self] in answer($0) }
            try socket.bind(Self.endpoint)
        }
    }

    /// Opens a domain: from now on its CURVE servers let in whom the authoriser admits.
    ///
    /// - Parameter name: 1 to 255 bytes of UTF-8 without NUL; a node uses its did.
    /// - Throws: `domain` where it is open already, or can't be a name.
    package func open(domain name: String, authorizer: @escaping ZAPAuthorizer) throws(ZeroMQError) -> ZAPDomain {
        guard (1...255).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw ZeroMQError(.domain, "a ZAP domain has 1 to 255 bytes without NUL")
        }
        let isNew = state.withLock { state in
            guard state.authorizers[name] == nil else { return false }
            state.authorizers[name] = authorizer
            return true
        }
        guard isNew else { throw ZeroMQError(.domain, "the ZAP domain is open already") }
        return ZAPDomain(name: name, handler: self)
    }

    /// What was answered so far, over all domains.
    package var counts: Counts { state.withLock { $0.counts } }

    fileprivate func close(domain name: String) {
        _ = state.withLock { $0.authorizers.removeValue(forKey: name) }
    }

    /// The reply to one request; `nil` where it is none.
    private func answer(_ frames: [[UInt8]]) -> [[UInt8]]? {
        guard let request = ZAPRequest(frames) else {
            state.withLock { $0.counts.malformed += 1 }
            return nil
        }
        let (reply, counter) = judge(request)
        state.withLock { $0.counts[keyPath: counter] += 1 }
        return request.reply(reply)
    }

    private func judge(_ request: ZAPRequest) -> (ZAPReply, WritableKeyPath<Counts, Int>) {
        guard let key = request.curveKey else { return (.refused, \.unsupported) }
        // Called without the lock: it may ask anything, even this handler.
        guard let authorizer = state.withLock({ $0.authorizers[request.domain] }) else {
            return (.refused, \.unknownDomain)
        }
        switch authorizer(key, request.address) {
        case .admit(let userID):
            guard (1...255).contains(userID.utf8.count), !userID.utf8.contains(0) else { return (.failed, \.failed) }
            return (.admitted(userID: userID), \.admitted)
        case .tryLater: return (.postponed, \.postponed)
        case .refuse: return (.refused, \.refused)
        }
    }
}

/// An open ZAP domain: what a CURVE server must be given.
///
/// It closes when the last who holds it, its servers included, lets go, or by `close`.
package final class ZAPDomain: Sendable {
    /// Its name.
    package let name: String
    private let handler: ZAPHandler
    private let isClosed = Atomic(false)

    fileprivate init(name: String, handler: ZAPHandler) {
        self.name = name
        self.handler = handler
    }

    deinit { close() }

    /// Lets nobody in any more (400); connections that are there stay.
    package func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        handler.close(domain: name)
    }
}
