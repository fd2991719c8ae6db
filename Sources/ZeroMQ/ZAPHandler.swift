internal import Locks
internal import Synchronization

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
    static let endpoint = "inproc://zeromq.zap.01"

    // Owner: the process. It ends once the handler is bound, and is made once.
    private static let starting = Task { try await ZAPHandler() }

    private let authorizers = Lock([String: ZAPAuthorizer]())
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
        let isNew = authorizers.withLock { authorizers in
            guard authorizers[name] == nil else { return false }
            authorizers[name] = authorizer
            return true
        }
        guard isNew else { throw ZeroMQError(.domain, "the ZAP domain is open already") }
        return ZAPDomain(name: name, handler: self)
    }

    fileprivate func close(domain name: String) {
        _ = authorizers.withLock { $0.removeValue(forKey: name) }
    }

    /// The reply to one request; `nil` where it is none.
    private func answer(_ frames: [[UInt8]]) -> [[UInt8]]? {
        guard let request = ZAPRequest(frames) else { return nil }
        return request.reply(judge(request))
    }

    private func judge(_ request: ZAPRequest) -> ZAPReply {
        // Called without the lock: it may ask anything, even this handler.
        guard let key = request.curveKey, let authorizer = authorizers.withLock({ $0[request.domain] }) else {
            return .refused
        }
        switch authorizer(key, request.address) {
        case .admit(let userID):
            guard (1...255).contains(userID.utf8.count), !userID.utf8.contains(0) else { return .failed }
            return .admitted(userID: userID)
        case .tryLater: return .postponed
        case .refuse: return .refused
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
