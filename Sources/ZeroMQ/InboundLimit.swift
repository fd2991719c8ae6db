internal import Bytes
internal import Dispatch
internal import Glibc
internal import Locks

/// Cuts accepted connections on which more comes in than their peers can have to say.
///
/// libzmq files what subscribers send within whatever call the socket's thread makes next, and returns once nothing is
/// left: whoever sends subscriptions faster than they are filed holds that thread, and fills memory. No limit of libzmq
/// ends that. So a queue of its own looks at what the kernel counts (tcp(7), `TCP_INFO`) while there are connections,
/// and shuts down those that are beyond their allowance: 20 ms after something has come, and up to 160 ms after nothing
/// has, as from subscribers for most of their time.
package final class InboundLimit: Sendable {
    private struct Connection {
        /// The kernel's number of the socket (`SO_COOKIE`): descriptors are used again.
        let cookie: UInt64
        var received: UInt64 = 0
        /// How many bytes may still come.
        var left: Double
    }

    private struct State {
        var connections: [Int32: Connection] = [:]
        var isLooking = false
        /// The look that is to come; others were overtaken by a new connection.
        var nextLook = 0
        var lastLook = SystemTime.uptime
        /// Until the next look, ms.
        var wait = shortestWait
    }

    private static let shortestWait = 20
    private static let longestWait = 160

    private let bytes: Double
    private let bytesPerSecond: Double
    private let queue = DispatchQueue(label: "rhizome.inbound", qos: .userInteractive)
    private let state = Lock(State())

    /// A limit for the connections of one bound socket.
    ///
    /// - Parameters:
    ///   - bytes: what each may bring at once, its handshake included.
    ///   - bytesPerSecond: what is added to that, up to as much again as it was.
    package init(bytes: Int, bytesPerSecond: Int) {
        self.bytes = Double(bytes)
        self.bytesPerSecond = Double(bytesPerSecond)
    }

    /// Takes note of what the socket's monitor tells: each event, in order.
    package func note(_ event: Monitor.Event) {
        guard let descriptor = event.descriptor else { return }
        switch event.kind {
        case .accepted: watch(descriptor)
        case .closed, .disconnected: state.withLock { $0.connections[descriptor] = nil }
        default: break
        }
    }

    private func watch(_ descriptor: Int32) {
        guard let cookie = AcceptedConnections.cookie(of: descriptor) else { return }
        let number = state.withLock { state -> Int? in
            state.connections[descriptor] = Connection(cookie: cookie, left: bytes)
            // A look that is to come soon isn't put off: else one connection after the other would put it off for ever.
            guard !state.isLooking || state.wait > Self.shortestWait else { return nil }
            state.isLooking = true
            state.wait = Self.shortestWait
            state.nextLook += 1
            return state.nextLook
        }
        if let number { look(number, after: Self.shortestWait) }
    }

    private func look(_ number: Int, after wait: Int) {
        queue.asyncAfter(deadline: .now() + .milliseconds(wait)) { [weak self] in self?.look(number) }
    }

    private func look(_ number: Int) {
        let wait = state.withLock { state -> Int? in
            guard number == state.nextLook else { return nil }
            let now = SystemTime.uptime
            let gain = min((now - state.lastLook) / .seconds(1), 1) * bytesPerSecond
            state.lastLook = now
            var isQuiet = true
            for (descriptor, connection) in state.connections {
                let looked = look(at: descriptor, connection, gain)
                if looked?.received != connection.received { isQuiet = false }
                state.connections[descriptor] = looked
            }
            state.wait = isQuiet ? min(2 * state.wait, Self.longestWait) : Self.shortestWait
            state.isLooking = !state.connections.isEmpty
            return state.isLooking ? state.wait : nil
        }
        if let wait { look(number, after: wait) }
    }

    /// - Returns: the connection where it is still there and may go on.
    private func look(at descriptor: Int32, _ connection: Connection, _ gain: Double) -> Connection? {
        guard let received = Self.received(on: descriptor) else { return nil }
        var connection = connection
        connection.left = min(connection.left + gain, bytes) - Double(received - min(connection.received, received))
        connection.received = received
        guard connection.left < 0 else { return connection }
        // Only now does it matter whether the descriptor is that of another connection by now.
        if AcceptedConnections.cookie(of: descriptor) == connection.cookie { AcceptedConnections.shutDown(descriptor) }
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
