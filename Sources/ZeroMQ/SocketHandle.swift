internal import CZeroMQ

/// The C side of one socket: libzmq's pointer, and the one message that all its frames are received into.
///
/// Shared by the `Socket` and its thread, so that whichever ends first closes it once, on the thread.
@safe final class SocketHandle: @unchecked Sendable {
    // Safe to send: touched on the socket thread only; elsewhere it is only handed on (`Socket.deinit`).
    private var raw: UnsafeMutableRawPointer?
    // Allocated: a zmq_msg_t must stay where it is while libzmq knows it.
    private let message: UnsafeMutablePointer<zmq_msg_t>

    init(adopting raw: UnsafeMutableRawPointer) {
        unsafe self.raw = unsafe raw
        unsafe message = .allocate(capacity: 1)
    }

    deinit {
        unsafe message.deallocate()
    }

    var isOpen: Bool { unsafe raw != nil }

    /// The socket's pointer, for one call.
    @unsafe func open(_ call: StaticString) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        guard let raw = unsafe raw else { throw ZeroMQError(.closed, "\(call)") }
        return unsafe raw
    }

    /// The pointer for a poll item; `nil` once closed.
    @unsafe var pollPointer: UnsafeMutableRawPointer? { unsafe raw }

    /// Lends an empty message and takes its content back to libzmq afterwards.
    @unsafe func withMessage<Result>(
        _ body: (UnsafeMutablePointer<zmq_msg_t>) throws(ZeroMQError) -> Result
    ) throws(ZeroMQError) -> Result {
        _ = unsafe zmq_msg_init(message)
        defer { _ = unsafe zmq_msg_close(message) }
        return try unsafe body(message)
    }

    func close() {
        guard let raw = unsafe raw else { return }
        unsafe self.raw = nil
        _ = unsafe zmq_close(raw)
    }
}
