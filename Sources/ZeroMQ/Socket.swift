internal import CZeroMQ
internal import Glibc
internal import ProcessLimits

/// A ZeroMQ socket, which belongs to one socket thread and traps elsewhere.
///
/// Not even a mutex would make it safe for two (zmq_socket(3)).
///
/// TCP is for CURVE alone: `bind` and `connect` refuse a TCP endpoint on a socket that isn't set up in full
/// (spec: peering.md, "there is no plaintext mode"). Sends and receives never block.
package final class Socket {
    /// What a socket does (zmq_socket(3)).
    package enum Kind: Sendable {
        /// Serves requests: first frame of each message is the connection's routing id.
        case router
        /// Sends requests and gets replies in any order.
        case dealer
        /// Publishes, and receives each new subscription as a message: a byte, 1 where it begins and 0 where it ends, and
        /// the topic.
        case xpub
        /// Subscribes.
        case sub
        /// One to one within the process.
        case pair
    }

    /// How a socket's peers are authenticated (`ZMQ_MECHANISM`).
    package enum Mechanism: Int32, Sendable {
        /// Not at all.
        case null = 0
        /// By a password in the clear; not used here.
        case plain = 1
        /// By Curve25519 keys, encrypted (RFC 25, RFC 26).
        case curve = 2
    }

    /// How many bytes CURVE adds to a frame: command name, nonce, box and flags (RFC 26, MESSAGE).
    static let curveFrameOverhead = 33

    /// What it does.
    package let kind: Kind
    /// Where it lives; everything about it happens there.
    package let thread: SocketThread
    let handle: SocketHandle
    /// The ZAP domain of a CURVE server, held so that it outlives the socket's clients.
    var zapDomain: ZAPDomain?
    var isCurveClient = false
    private var rebindings: [String: Rebinding] = [:]
    /// Receives the events of this socket for its `Monitor`.
    var monitorPair: Socket?

    /// Opens a socket, to be called on the thread it is to belong to.
    ///
    /// - Throws: `stopped` after the thread was told to stop; `resources` where there are no more sockets, or only the
    ///   last descriptors are left (``DescriptorLimit``).
    package convenience init(_ kind: Kind, on thread: SocketThread, _ options: SocketOptions = SocketOptions())
        throws(ZeroMQError)
    {
        let type =
            switch kind {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .xpub: ZMQ_XPUB
            case .sub: ZMQ_SUB
            case .pair: ZMQ_PAIR
            }
        try self.init(kind, type: type, on: thread)
        do {
            try apply(options)
        } catch {
            close()
            throw error
        }
    }

    private init(_ kind: Kind, type: Int32, on thread: SocketThread) throws(ZeroMQError) {
        thread.checkIsolated()
        let context = try Context.shared()
        guard let raw = unsafe zmq_socket(context.raw, type) else { throw .last("zmq_socket") }
        self.kind = kind
        self.thread = thread
        unsafe handle = SocketHandle(adopting: raw)
        do throws(ZeroMQError) {
            try thread.adopt(handle)
            let descriptor = try number(ZMQ_FD, "ZMQ_FD")
            guard !DescriptorLimit.isLast(descriptor, of: DescriptorLimit.current) else {
                throw ZeroMQError(number: EMFILE, call: "zmq_socket")
            }
        } catch {
            thread.close(handle)
            throw error
        }
    }

    // The net for an owner that let go without closing, on whichever thread.
    deinit { thread.closeLater(handle) }

    /// Closes it, and its registration and monitor with it; again does nothing.
    ///
    /// Its descriptors and port are free soon afterwards, not at once.
    package func close() {
        thread.checkIsolated()
        thread.close(handle)
        monitorPair?.close()
        monitorPair = nil
        zapDomain = nil
        for rebinding in rebindings.values { rebinding.cancel(ZeroMQError(.closed, "Socket.rebind")) }
    }

    /// Whether it can still be used.
    package var isOpen: Bool {
        thread.checkIsolated()
        return handle.isOpen
    }

    /// The pointer for one call, on the right thread only.
    @unsafe func pointer(_ call: StaticString) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        thread.checkIsolated()
        thread.noteUse(of: handle)
        return try unsafe handle.open(call)
    }

    // MARK: - Endpoints

    /// Binds to an endpoint.
    ///
    /// `tcp://127.0.0.1:7000`, `tcp://[::1]:*` (any free port; see `lastEndpoint`), `tcp://*:7000` (all addresses, both
    /// families), `inproc://x`. libzmq knows no host names here, `localhost` included.
    ///
    /// - Throws: `insecure` for TCP, unless this is a CURVE server with an enforced ZAP domain and libzmq says so too;
    ///   `addressInUse`, `addressUnavailable`, `endpoint`.
    package func bind(_ endpoint: String) throws(ZeroMQError) {
        try prepare(for: endpoint) { () throws(ZeroMQError) in try checkServer() }
        let socket = try unsafe pointer("zmq_bind")
        guard unsafe zmq_bind(socket, endpoint) == 0 else { throw .last("zmq_bind \(endpoint)") }
    }

    /// Ends listening at an endpoint, spelled as `lastEndpoint` told, and within milliseconds every connection accepted
    /// there.
    ///
    /// The port is free some milliseconds later.
    package func unbind(_ endpoint: String) throws(ZeroMQError) {
        let socket = try unsafe pointer("zmq_unbind")
        guard unsafe zmq_unbind(socket, endpoint) == 0 else { throw .last("zmq_unbind \(endpoint)") }
    }

    /// Starts connecting to an endpoint, and goes on until `disconnect`.
    ///
    /// The server key and options of this moment hold.
    ///
    /// - Throws: `insecure` for TCP, unless this is a CURVE client and libzmq says so too; `endpoint`.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        try prepare(for: endpoint) { () throws(ZeroMQError) in try checkClient() }
        let socket = try unsafe pointer("zmq_connect")
        guard unsafe zmq_connect(socket, endpoint) == 0 else { throw .last("zmq_connect \(endpoint)") }
    }

    /// Lets TCP pass a check and everything else but `inproc` not at all: libzmq's other transports have had bugs enough.
    private func prepare(for endpoint: String, check: () throws(ZeroMQError) -> Void) throws(ZeroMQError) {
        guard !endpoint.hasPrefix("inproc://") else { return }
        guard endpoint.hasPrefix("tcp://") else {
            throw ZeroMQError(.endpoint, "neither tcp:// nor inproc://: \(endpoint)")
        }
        // libzmq keeps the lower 16 bits of any number.
        let port = endpoint.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
        guard port == "*" || UInt16(port) != nil else {
            throw ZeroMQError(.endpoint, "no port of TCP: \(endpoint)")
        }
        try check()
        try set(ZMQ_IPV6, endpoint.isIPv4 ? 0 : 1, "ZMQ_IPV6")
    }

    /// The endpoint last bound or connected, with the port that the system chose (`ZMQ_LAST_ENDPOINT`).
    package var lastEndpoint: String {
        get throws(ZeroMQError) {
            let socket = try unsafe pointer("zmq_getsockopt")
            var bytes = [UInt8](repeating: 0, count: 1_024)
            var size = bytes.count
            guard unsafe zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &bytes, &size) == 0 else {
                throw .last("ZMQ_LAST_ENDPOINT")
            }
            // The size counts the NUL at the end.
            return String(decoding: bytes.prefix(max(0, size - 1)), as: UTF8.self)
        }
    }

    /// Asks a publisher for what begins with a prefix: compare the topic frame whole on arrival.
    package func subscribe(_ prefix: [UInt8]) throws(ZeroMQError) {
        try set(ZMQ_SUBSCRIBE, prefix, "ZMQ_SUBSCRIBE")
    }

    /// Unbinds an endpoint and binds it again, which ends all accepted connections: the only way libzmq has.
    ///
    /// Clients that are still admitted are back in about 0.1 s; those that are not are out.
    ///
    /// The port is free only a moment after unbinding, so binding is tried again every 10 ms for 2 s, without blocking
    /// the thread. A second call while one runs joins it.
    ///
    /// - Parameter endpoint: As `lastEndpoint` told after binding.
    /// - Parameter completion: Told on this thread, once: nothing, or why the socket is not bound any more
    ///   (`addressInUse`, `closed`, `stopped`).
    package func rebind(_ endpoint: String, completion: @escaping (ZeroMQError?) -> Void) {
        thread.checkIsolated()
        if let underWay = rebindings[endpoint] { return underWay.add(completion) }
        let rebinding = Rebinding(self, endpoint: endpoint) { [weak self] in self?.rebindings[endpoint] = nil }
        rebindings[endpoint] = rebinding
        rebinding.add(completion)
        rebinding.start()
    }

    /// The same, for actors of the socket's thread to await.
    package func rebind(_ endpoint: String) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            rebind(endpoint) { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }
}

extension String {
    /// Whether a TCP endpoint's host is an IPv4 address in numbers.
    ///
    /// Those are left to IPv4 sockets, else libzmq would
    /// spell them `[::ffff:127.0.0.1]`; `tcp://*:7000` and `tcp://[::]:7000` serve both.
    fileprivate var isIPv4: Bool {
        let host = dropFirst("tcp://".count).prefix { $0 != ":" }
        return !host.isEmpty && host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    /// An IP address as people write it: IPv4 without the IPv6 wrapping that a socket for both gives it (RFC 4291,
    /// 2.5.5.2).
    var withoutIPv4Mapping: String {
        hasPrefix("::ffff:") && contains(".") ? String(dropFirst("::ffff:".count)) : self
    }
}
