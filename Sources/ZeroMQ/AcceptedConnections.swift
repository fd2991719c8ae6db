internal import Glibc
internal import Locks

/// The connections that a bound socket has accepted, so that one of them can be ended.
///
/// libzmq ends all of them or none (`zmq_unbind`). But it tells the descriptor of each that it accepts, and with each
/// message that of the connection on which it came; and it takes a connection that was shut down for one that was lost.
package final class AcceptedConnections: Sendable {
    /// By descriptor the kernel's number of the socket (`SO_COOKIE`): descriptors are used again.
    private let cookies = Lock<[Int32: UInt64]>([:])

    package init() {}

    /// Takes note of what the socket's monitor tells: each event, in order.
    package func note(_ event: Monitor.Event) {
        guard let descriptor = event.descriptor else { return }
        switch event.kind {
        case .accepted: cookies.withLock { $0[descriptor] = Self.cookie(of: descriptor) }
        case .closed, .disconnected: cookies.withLock { $0[descriptor] = nil }
        default: break
        }
    }

    /// Ends the connection on which a message came.
    ///
    /// Where that one is gone already, and its descriptor stands for a later one, that is ended; its peer comes back.
    ///
    /// - Returns: whether there was one to be ended.
    @discardableResult
    package func end(_ descriptor: Int32?) -> Bool {
        guard let descriptor, let known = cookies.withLock({ $0.removeValue(forKey: descriptor) }),
            Self.cookie(of: descriptor) == known
        else { return false }
        Self.shutDown(descriptor)
        return true
    }

    private static let socketCookie: Int32 = 57

    /// `nil` where the descriptor is no socket's.
    static func cookie(of descriptor: Int32) -> UInt64? {
        var value: UInt64 = 0
        var size = socklen_t(MemoryLayout<UInt64>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, socketCookie, &value, &size) == 0 ? value : nil
    }

    /// Shuts a connection down: libzmq's I/O thread sees the end and closes it.
    static func shutDown(_ descriptor: Int32) { _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
}
