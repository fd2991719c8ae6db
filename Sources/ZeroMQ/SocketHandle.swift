internal import CZeroMQ

/// The C side of one socket: libzmq's pointer, and the one message that all its frames are received into.
///
/// Shared by the `Socket` and its thread, so that whichever ends first closes it once, on the thread.
@safe final class SocketHandle: @unchecked Sendable {
    // Safe to send: touched on the socket thread only; elsewhere it is only handed on (`Socket.deinit`).
    private var raw: UnsafeMutableRawPointer?
    // Allocated: a zmq_msg_t must stay where it is while libzmq knows it.
    private let message: UnsafeMutablePointer<zmq_msg_t>
    private var isMonitored = false

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

    /// The descriptor that can be read when something has happened to the socket; `nil` once closed.
    var descriptor: Int32? { option(ZMQ_FD) }

    /// What can be done with it now, `ZMQ_POLLIN` and `ZMQ_POLLOUT`; nothing once closed.
    ///
    /// To ask takes in what has happened to it: its descriptor doesn't tell of that any more.
    var events: Int32 { option(ZMQ_EVENTS) ?? 0 }

    private func option(_ name: Int32) -> Int32? {
        guard let raw = unsafe raw else { return nil }
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        return unsafe zmq_getsockopt(raw, name, &value, &size) == 0 ? value : nil
    }

    /// Lends an empty message and takes its content back to libzmq afterwards.
    @unsafe func withMessage<Result>(
        _ body: (UnsafeMutablePointer<zmq_msg_t>) throws(ZeroMQError) -> Result
    ) throws(ZeroMQError) -> Result {
        _ = unsafe zmq_msg_init(message)
        defer { _ = unsafe zmq_msg_close(message) }
        return try unsafe body(message)
    }

    /// Sends the socket's events to a PAIR socket bound there.
    func startMonitor(at address: String) throws(ZeroMQError) {
        let raw = try unsafe open("zmq_socket_monitor")
        // Without the event that tells of the monitor's own end: there may be nobody left to take it. And without that
        // of a failed bind: telling it overwrites the error number that zmq_bind is about to return, which is what
        // `rebind` goes by (src/socket_base.cpp, bind_internal).
        let events = ZMQ_EVENT_ALL & ~ZMQ_EVENT_MONITOR_STOPPED & ~ZMQ_EVENT_BIND_FAILED
        guard unsafe zmq_socket_monitor(raw, address, events) == 0 else { throw .last("zmq_socket_monitor") }
        isMonitored = true
    }

    /// Ends the events; to be done before their receiver is closed.
    ///
    /// Whichever thread of libzmq has an event to tell waits for as long as nobody takes it: the I/O thread, and with
    /// it every connection of the process, or the one that closes sockets (src/socket_base.cpp, monitor_event).
    func stopMonitor() {
        guard isMonitored, let raw = unsafe raw else { return }
        isMonitored = false
        _ = unsafe zmq_socket_monitor(raw, nil, 0)
    }

    func close() {
        stopMonitor()
        guard let raw = unsafe raw else { return }
        unsafe self.raw = nil
        _ = unsafe zmq_close(raw)
    }
}
