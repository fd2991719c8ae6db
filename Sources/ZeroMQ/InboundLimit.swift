internal import Bytes
internal import CZeroMQ
internal import Dispatch
internal import Glibc
internal import Locks

/// Cuts accepted connections on which more comes in than their peers can have to say.
///
/// libzmq files what subscribers send within whatever call the socket's thread makes next, and returns once nothing is
/// left: whoever sends subscriptions faster than they are filed holds that thread, and fills memory. No limit of libzmq
/// ends that. So a queue of its own is told by the kernel when something comes (epoll(7), `EPOLLET`), looks at how much
/// that was (tcp(7), `TCP_INFO`), and shuts down a connection that is beyond its allowance, or its time. While nothing
/// comes it costs nothing. What has come by then is filed still: a small `SocketOptions.receiveBuffer` keeps that small.
package final class InboundLimit: Sendable {
    private struct Connection {
        /// The kernel's number of the socket (`SO_COOKIE`): descriptors are used again.
        let cookie: UInt64
        var received: UInt64 = 0
        /// How many bytes may still come.
        var left: Double
        var lastLook: Uptime
        let accepted: Uptime
    }

    private struct State {
        var connections: [Int32: Connection] = [:]
        /// Whether those whose time is over are looked for.
        var isTimed = false
    }

    /// How often those whose time is over are looked for, while there are any connections.
    private static let pause = DispatchTimeInterval.seconds(1)

    private let bytes: Double
    private let bytesPerSecond: Double
    private let lifetime: Duration?
    private let queue = DispatchQueue(label: "rhizome.inbound", qos: .userInteractive)
    private let state = Lock(State())
    private let pollDescriptor: Int32
    // Safe: it is made, activated and cancelled once each, and its own queue runs what it calls.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// A limit for the connections of one bound socket.
    ///
    /// - Parameters:
    ///   - bytes: what each may bring at once, its handshake included.
    ///   - bytesPerSecond: what is added to that, up to as much again as it was.
    ///   - lifetime: how long each may last, whatever it brings; for ever where `nil`.
    /// - Throws: `resources` where the system has no descriptor left.
    package init(bytes: Int, bytesPerSecond: Int, lifetime: Duration? = nil) throws(ZeroMQError) {
        self.bytes = Double(bytes)
        self.bytesPerSecond = Double(bytesPerSecond)
        self.lifetime = lifetime
        let poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw ZeroMQError(number: errno, call: "epoll_create1") }
        pollDescriptor = poll
        let source = DispatchSource.makeReadSource(fileDescriptor: poll, queue: queue)
        unsafe self.source = source
        source.setEventHandler { [weak self] in self?.look() }
        source.setCancelHandler { close(poll) }
        source.activate()
    }

    deinit { unsafe source.cancel() }

    /// Takes note of what the socket's monitor tells: each event, in order.
    package func note(_ event: Monitor.Event) {
        guard let descriptor = event.descriptor else { return }
        switch event.kind {
        case .accepted: watch(descriptor)
        // The kernel itself stops watching a descriptor that is closed.
        case .closed, .disconnected: state.withLock { $0.connections[descriptor] = nil }
        default: break
        }
    }

    /// Lets a connection go on without limit, as that of somebody who is known by now.
    package func release(_ descriptor: Int32) {
        guard state.withLock({ $0.connections.removeValue(forKey: descriptor) }) != nil else { return }
        _ = czeromq_watch_edges(pollDescriptor, EPOLL_CTL_DEL, descriptor)
    }

    private func watch(_ descriptor: Int32) {
        guard let cookie = AcceptedConnections.cookie(of: descriptor) else { return }
        let now = SystemTime.uptime
        let startsTimer = state.withLock { state in
            state.connections[descriptor] = Connection(cookie: cookie, left: bytes, lastLook: now, accepted: now)
            defer { state.isTimed = lifetime != nil }
            return lifetime != nil && !state.isTimed
        }
        if startsTimer { lookForOverdueLater() }
        guard czeromq_watch_edges(pollDescriptor, EPOLL_CTL_ADD, descriptor) != 0, errno != EEXIST else { return }
        // Nobody goes on unwatched. Where it is gone already there is nothing to end.
        AcceptedConnections.shutDown(descriptor)
    }

    private func lookForOverdueLater() {
        queue.asyncAfter(deadline: .now() + Self.pause) { [weak self] in self?.endOverdue() }
    }

    /// Ends connections whose time is over: in one pass, so that a flood of them leaves nothing behind that waits.
    private func endOverdue() {
        guard let lifetime else { return }
        let now = SystemTime.uptime
        let goesOn = state.withLock { state in
            for (descriptor, connection) in state.connections where now - connection.accepted >= lifetime {
                Self.end(descriptor, connection)
                state.connections[descriptor] = nil
            }
            state.isTimed = !state.connections.isEmpty
            return state.isTimed
        }
        if goesOn { lookForOverdueLater() }
    }

    /// Shuts a connection down, where its descriptor isn't that of another one by now.
    private static func end(_ descriptor: Int32, _ connection: Connection) {
        if AcceptedConnections.cookie(of: descriptor) == connection.cookie { AcceptedConnections.shutDown(descriptor) }
    }

    private func look() {
        var descriptors = [Int32](repeating: 0, count: 64)
        // Where there are more, the queue is called again.
        let count = unsafe czeromq_wait(pollDescriptor, &descriptors, 0)
        let now = SystemTime.uptime
        state.withLock { state in
            for descriptor in descriptors.prefix(max(0, Int(count))) {
                state.connections[descriptor] = state.connections[descriptor].flatMap { look(at: descriptor, $0, now) }
            }
        }
    }

    /// - Returns: the connection where it is still there and may go on.
    private func look(at descriptor: Int32, _ connection: Connection, _ now: Uptime) -> Connection? {
        guard let received = Self.received(on: descriptor) else { return nil }
        var connection = connection
        let gain = (now - connection.lastLook) / .seconds(1) * bytesPerSecond
        connection.left = min(connection.left + gain, bytes) - Double(received - min(connection.received, received))
        connection.received = received
        connection.lastLook = now
        guard connection.left < 0 else { return connection }
        Self.end(descriptor, connection)
        return nil
    }

    /// `tcpi_bytes_received` of the kernel's `tcp_info`, which glibc's own is too short for.
    private static func received(on descriptor: Int32) -> UInt64? {
        let offset = 128
        let length = offset + MemoryLayout<UInt64>.size
        return unsafe withUnsafeTemporaryAllocation(byteCount: length, alignment: 8) { info in
            var size = socklen_t(length)
            guard unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, info.baseAddress, &size) == 0,
                size >= length
            else { return nil }
            return unsafe info.load(fromByteOffset: offset, as: UInt64.self)
        }
    }
}
