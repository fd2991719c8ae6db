internal import CZeroMQ

/// A socket's settings, as given to `Socket.init`.
///
/// Nothing is unlimited unless it is said so. They can't be changed later: libzmq applies most of them to connections made afterwards only.
package struct SocketOptions: Sendable {
    /// How long messages not yet sent are kept once the socket is closed (`ZMQ_LINGER`; libzmq: for ever).
    package var linger: Duration = .zero
    /// How many messages wait for a peer at most (`ZMQ_SNDHWM`).
    ///
    /// A PUB drops beyond it without a word, a DEALER and a mandatory ROUTER answer `.wouldBlock`.
    package var sendHighWaterMark = 1_000
    /// How many messages of a peer wait to be read at most (`ZMQ_RCVHWM`); beyond it the peer's TCP is left unread.
    ///
    /// High, since libzmq 4.3.4 can abort the process where a connection is lost while it is left unread (see
    /// ``keepAliveIdle``; a PING that a peer sent before counts too): what keeps memory small is reading at once.
    package var receiveHighWaterMark = 100_000
    /// How many bytes of a connection the kernel keeps until they are read (`ZMQ_RCVBUF`); `nil`: as many as it likes.
    package var receiveBuffer: Int?
    /// How many bytes a frame that comes in may have, 8 MiB; a peer that sends more is cut off (`ZMQ_MAXMSGSIZE`).
    ///
    /// This is of one frame: see `Socket.receive` for the number of frames.
    package var maximumFrameSize = 8 << 20
    /// How long a connection may take to authenticate (`ZMQ_HANDSHAKE_IVL`).
    ///
    /// Also how often a client that was told to try later (ZAP 300) tries.
    package var handshakeInterval: Duration = .seconds(15)
    /// How long to wait before connecting again (`ZMQ_RECONNECT_IVL`), doubling up to `reconnectMaximum`.
    package var reconnectInterval: Duration = .milliseconds(100)
    /// The longest wait before connecting again (`ZMQ_RECONNECT_IVL_MAX`; libzmq: no doubling).
    package var reconnectMaximum: Duration = .seconds(10)
    /// How long a TCP connection may take to be made (`ZMQ_CONNECT_TIMEOUT`; zero: the system's).
    package var connectTimeout: Duration = .seconds(5)
    /// After how long a quiet connection is tried, by TCP itself (`ZMQ_TCP_KEEPALIVE_IDLE`), in whole seconds.
    ///
    /// Not by ZMTP's heartbeats: libzmq 4.3.4 aborts the process when one is due on a connection whose input waits for
    /// us and which has been lost (libzmq#3937, #4364, #4767; shown by the test of `zeromq-probe heartbeat`).
    package var keepAliveIdle: Duration = .seconds(15)
    /// How often it is tried then (`ZMQ_TCP_KEEPALIVE_INTVL`), in whole seconds.
    package var keepAliveInterval: Duration = .seconds(5)
    /// How many tries may go without an answer (`ZMQ_TCP_KEEPALIVE_CNT`).
    package var keepAliveTries = 3
    /// How long sent data may go without TCP's acknowledgement (`ZMQ_TCP_MAXRT`); zero: the system's.
    package var tcpMaximumRetransmission: Duration = .seconds(15)
    /// Whether a message is queued for a connection that is made only; otherwise one that is being tried counts as well
    /// (`ZMQ_IMMEDIATE`).
    package var requiresConnection = true
    /// Whether a ROUTER tells that a peer is gone or its queue full rather than dropping the reply
    /// (`ZMQ_ROUTER_MANDATORY`).
    package var routerMandatory = true
    /// Whether a new connection greets a ROUTER with an empty message, which shows it our address before we ask
    /// anything (`ZMQ_PROBE_ROUTER`).
    package var probesRouter = false

    /// The values above.
    package init() {}
}

extension Socket {
    /// Applies all, each checked.
    func apply(_ options: SocketOptions) throws(ZeroMQError) {
        try set(ZMQ_LINGER, options.linger, "ZMQ_LINGER")
        try set(ZMQ_SNDHWM, Int32(clamping: options.sendHighWaterMark), "ZMQ_SNDHWM")
        try set(ZMQ_RCVHWM, Int32(clamping: options.receiveHighWaterMark), "ZMQ_RCVHWM")
        if let bytes = options.receiveBuffer { try set(ZMQ_RCVBUF, Int32(clamping: bytes), "ZMQ_RCVBUF") }
        try setMaximumFrameSize(options.maximumFrameSize)
        try set(ZMQ_HANDSHAKE_IVL, options.handshakeInterval, "ZMQ_HANDSHAKE_IVL")
        try set(ZMQ_RECONNECT_IVL, options.reconnectInterval, "ZMQ_RECONNECT_IVL")
        try set(ZMQ_RECONNECT_IVL_MAX, options.reconnectMaximum, "ZMQ_RECONNECT_IVL_MAX")
        try set(ZMQ_CONNECT_TIMEOUT, options.connectTimeout, "ZMQ_CONNECT_TIMEOUT")
        try set(ZMQ_TCP_KEEPALIVE, 1, "ZMQ_TCP_KEEPALIVE")
        try set(ZMQ_TCP_KEEPALIVE_IDLE, Int32(keepAliveSeconds(options.keepAliveIdle)), "ZMQ_TCP_KEEPALIVE_IDLE")
        try set(ZMQ_TCP_KEEPALIVE_INTVL, Int32(keepAliveSeconds(options.keepAliveInterval)), "ZMQ_TCP_KEEPALIVE_INTVL")
        try set(ZMQ_TCP_KEEPALIVE_CNT, Int32(clamping: options.keepAliveTries), "ZMQ_TCP_KEEPALIVE_CNT")
        try set(ZMQ_TCP_MAXRT, options.tcpMaximumRetransmission, "ZMQ_TCP_MAXRT")
        try set(ZMQ_IMMEDIATE, options.requiresConnection ? 1 : 0, "ZMQ_IMMEDIATE")
        if kind == .router {
            try set(ZMQ_ROUTER_MANDATORY, options.routerMandatory ? 1 : 0, "ZMQ_ROUTER_MANDATORY")
            // A peer that chooses another's routing id must not get the other's replies (spec: peering.md).
            try set(ZMQ_ROUTER_HANDOVER, 0, "ZMQ_ROUTER_HANDOVER")
        }
        if kind == .dealer {
            try set(ZMQ_PROBE_ROUTER, options.probesRouter ? 1 : 0, "ZMQ_PROBE_ROUTER")
        }
    }

    private func keepAliveSeconds(_ duration: Duration) -> Int64 { max(1, min(duration.components.seconds, 86_400)) }

    func set(_ option: Int32, _ value: Int32, _ name: String) throws(ZeroMQError) {
        let socket = try unsafe pointer("zmq_setsockopt")
        var value = value
        guard unsafe zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0 else { throw .last(name) }
    }

    private func setMaximumFrameSize(_ size: Int) throws(ZeroMQError) {
        let socket = try unsafe pointer("zmq_setsockopt")
        // libzmq counts the frame as encrypted.
        var value = Int64(size) + Int64(Self.curveFrameOverhead)
        guard unsafe zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &value, MemoryLayout<Int64>.size) == 0 else {
            throw .last("ZMQ_MAXMSGSIZE")
        }
    }

    private func set(_ option: Int32, _ value: Duration, _ name: String) throws(ZeroMQError) {
        try set(option, value.milliseconds, name)
    }

    func set(_ option: Int32, _ bytes: [UInt8], _ name: String) throws(ZeroMQError) {
        let socket = try unsafe pointer("zmq_setsockopt")
        guard unsafe zmq_setsockopt(socket, option, bytes, bytes.count) == 0 else { throw .last(name) }
    }

    func number(_ option: Int32, _ name: String) throws(ZeroMQError) -> Int32 {
        let socket = try unsafe pointer("zmq_getsockopt")
        var value: Int32 = 0
        var size = MemoryLayout<Int32>.size
        guard unsafe zmq_getsockopt(socket, option, &value, &size) == 0 else { throw .last(name) }
        return value
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, as libzmq counts; between 0 and what an `Int32` holds.
    var milliseconds: Int32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return .max }
        return Int32(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
