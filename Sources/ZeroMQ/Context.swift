internal import CZeroMQ

/// The process's one ZeroMQ context: made at first use, never terminated, gone with the process.
///
/// libzmq 4.3.4 calls libsodium's `randombytes_close` whenever a context ends, under the feet of everyone else who uses
/// libsodium (spec: peering.md; libzmq#4242), and a ZAP handler serves the sockets of its own context only.
///
/// - Important: libsodium must have been started before (`SocketThread.init`).
@safe final class Context: Sendable {
    /// How many sockets a process can have; libzmq's own default is 1,023.
    ///
    /// Each costs a descriptor.
    static let maximumSockets: Int32 = 65_535

    private static let made = Result { () throws(ZeroMQError) in try Context() }

    // Safe to share: a context is the one libzmq object that any thread may use (zmq_socket(3)).
    nonisolated(unsafe) let raw: UnsafeMutableRawPointer

    private init() throws(ZeroMQError) {
        guard let raw = unsafe zmq_ctx_new() else { throw .last("zmq_ctx_new") }
        // Only before the first socket: later settings are ignored without a word.
        guard unsafe zmq_ctx_set(raw, ZMQ_MAX_SOCKETS, Self.maximumSockets) == 0 else {
            throw .last("zmq_ctx_set(ZMQ_MAX_SOCKETS)")
        }
        unsafe self.raw = unsafe raw
    }

    /// The context.
    static func shared() throws(ZeroMQError) -> Context { try made.get() }
}
