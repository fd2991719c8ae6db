internal import Glibc
internal import Locks
internal import ProcessLimits

/// The connections that a bound socket has accepted, so that one of them can be ended.
///
/// libzmq ends all of them or none (`zmq_unbind`). But it tells the descriptor of each that it accepts, and with each
/// message that of the connection on which it came; and it takes a connection that was shut down for one that was lost.
package final class AcceptedConnections: Sendable {
    /// By descriptor the kernel's number of the socket (`SO_COOKIE`): descriptors are used again.
    private let cookies = Lock<[Int32: UInt64]>([:])

    private let descriptorLimit: Int

    /// - Parameter descriptorLimit: how many descriptors the process may have.
    package init(descriptorLimit: Int = DescriptorLimit.current) { self.descriptorLimit = descriptorLimit }

    /// Takes note of what the socket's monitor tells: each event, in order.
    ///
    /// - Returns: false for a connection that was accepted with one of the last descriptors, and ended (``DescriptorLimit``).
    package func note(_ event: Monitor.Event) -> Bool {
        guard let descriptor = event.descriptor else { return true }
        switch event.kind {
        case .accepted:
            let cookie = Self.cookie(of: descriptor)
            guard cookie == nil || !DescriptorLimit.isLast(descriptor, of: descriptorLimit) else {
                Self.shutDown(descriptor)
                return false
            }
            cookies.withLock { $0[descriptor] = cookie }
        case .closed, .disconnected: cookies.withLock { $0[descriptor] = nil }
        default: break
        }
        return true
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
