internal import CZeroMQ
internal import Synchronization

/// What happens to a socket's connections (zmq_socket_monitor(3)); see `Socket.monitor`.
package enum Monitor {
    /// One thing that happened.
    package struct Event: Sendable, Equatable {
        /// What happened.
        package let kind: Kind
        /// The endpoint it happened to, as libzmq spells it: `tcp://127.0.0.1:7000`.
        ///
        /// On a bound socket the one that was bound, not the peer's.
        package let endpoint: String
        /// The descriptor of the connection that was accepted, made, lost or closed; `nil` where libzmq gives none.
        ///
        /// It tells the events of one connection from another's while it lives.
        package let descriptor: Int32?
    }

    /// What happened.
    package enum Kind: Sendable, Equatable {
        /// TCP is connected; authentication begins.
        case connected
        /// TCP can't be connected at once; the attempt goes on.
        case connectDelayed
        /// The next attempt is made after this wait.
        case connectRetried(after: Duration)
        /// The socket is bound.
        case listening
        /// A client's TCP connection was accepted; authentication begins.
        case accepted
        /// A client couldn't be accepted, with an error number: `EMFILE` where there are no more descriptors.
        case acceptFailed(Int32)
        /// A descriptor was closed: the end of an attempt or of listening.
        case closed
        /// Closing a descriptor failed, with an error number.
        case closeFailed(Int32)
        /// A connection ended, authenticated before or not.
        case disconnected
        /// Both sides are authenticated.
        case handshakeSucceeded
        /// The ZAP authoriser's answer was not 200: 300, 400 or 500. A client that sees 400 or 500 never tries again by
        /// itself; one that is answered 300 isn't told, but sees the connection end after its handshake interval.
        case handshakeFailedAuthentication(status: Int32)
        /// The peer broke the protocol (`ZMQ_PROTOCOL_ERROR_…`): another mechanism, a wrong server key, garbage.
        case handshakeFailedProtocol(code: Int32)
        /// Anything else, with an error number: `EPIPE` where the peer hung up or time ran out.
        case handshakeFailed(Int32)
        /// An event this module has no name for.
        case other(UInt16)
    }

    fileprivate static let lastName = Atomic<UInt64>(0)
}

extension Socket {
    /// Calls back on this thread with what happens to the socket's connections, until the socket is closed.
    ///
    /// To be asked for once, before `bind` or `connect`: events before it are not told. The callback is kept until the
    /// socket is closed.
    ///
    /// - Parameter limit: How many events are told in one turn of the thread.
    package func monitor(limit: Int = 256, onEvent: @escaping (Monitor.Event) -> Void) throws(ZeroMQError) {
        precondition(monitorPair == nil, "a socket is monitored once")
        let address = "inproc://monitor-\(Monitor.lastName.add(1, ordering: .relaxed).newValue)"
        var options = SocketOptions()
        // libzmq's I/O thread, and with it every connection of the process, *waits* while the queue of events is full
        // (`SocketHandle.stopMonitor`). So the queue has no bound; it grows with the connection attempts that come
        // while this thread is busy.
        options.receiveHighWaterMark = 0
        options.maximumFrameSize = 4_096
        let pair = try Socket(.pair, on: thread, options)
        do {
            try handle.startMonitor(at: address)
            try pair.connect(address)
        } catch {
            handle.stopMonitor()
            pair.close()
            throw error
        }
        monitorPair = pair
        // Weak, so that a socket whose owner lets go of it takes its monitor along.
        thread.register(pair) { [weak pair] in
            // Fails only once it is closed.
            _ = try? pair?.receive(upTo: limit) { incoming in
                if case .message(let message) = incoming, let event = Monitor.Event(message.frames) { onEvent(event) }
            }
        }
    }
}

extension Monitor.Event {
    /// Reads the two frames of an event: number (16 bits) and value (32 bits) in this machine's order; endpoint.
    init?(_ frames: [[UInt8]]) {
        guard frames.count == 2, frames[0].count == 6 else { return nil }
        let head = frames[0]
        let number = UInt16(head[0]) | UInt16(head[1]) << 8
        let value = (2..<6).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(head[$1]) }
        let signed = Int32(bitPattern: value)
        endpoint = String(decoding: frames[1], as: UTF8.self)
        switch Int32(number) {
        case ZMQ_EVENT_CONNECTED: (kind, descriptor) = (.connected, signed)
        case ZMQ_EVENT_CONNECT_DELAYED: (kind, descriptor) = (.connectDelayed, nil)
        case ZMQ_EVENT_CONNECT_RETRIED: (kind, descriptor) = (.connectRetried(after: .milliseconds(signed)), nil)
        case ZMQ_EVENT_LISTENING: (kind, descriptor) = (.listening, signed)
        case ZMQ_EVENT_ACCEPTED: (kind, descriptor) = (.accepted, signed)
        case ZMQ_EVENT_ACCEPT_FAILED: (kind, descriptor) = (.acceptFailed(signed), nil)
        case ZMQ_EVENT_CLOSED: (kind, descriptor) = (.closed, signed)
        case ZMQ_EVENT_CLOSE_FAILED: (kind, descriptor) = (.closeFailed(signed), nil)
        case ZMQ_EVENT_DISCONNECTED: (kind, descriptor) = (.disconnected, signed)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: (kind, descriptor) = (.handshakeSucceeded, nil)
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: (kind, descriptor) = (.handshakeFailedAuthentication(status: signed), nil)
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: (kind, descriptor) = (.handshakeFailedProtocol(code: signed), nil)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: (kind, descriptor) = (.handshakeFailed(signed), nil)
        default: (kind, descriptor) = (.other(number), nil)
        }
    }
}
