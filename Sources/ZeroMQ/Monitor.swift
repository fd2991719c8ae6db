internal import CZeroMQ
internal import Synchronization

/// Tells what happens to a socket's connections (zmq_socket_monitor(3)).
///
/// It lives on the socket's thread, and until `close` or the socket's.
package final class Monitor {
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
        /// It can't be bound, with an error number.
        case bindFailed(Int32)
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
        /// The monitored socket is closed: the last event.
        case stopped
        /// An event this module doesn't know.
        case other(UInt16)
    }

    private static let lastName = Atomic<UInt64>(0)

    private let socket: Socket
    private let pair: Socket

    /// Watches a socket and calls back on its thread.
    ///
    /// A socket has one monitor; make it before `bind` or `connect`, or events are missed.
    ///
    /// - Parameter limit: How many events are told in one turn of the thread.
    package init(_ socket: Socket, limit: Int = 256, onEvent: @escaping (Event) -> Void) throws(ZeroMQError) {
        let address = "inproc://monitor-\(Self.lastName.add(1, ordering: .relaxed).newValue)"
        var options = SocketOptions()
        // libzmq's I/O thread *waits* when the queue of events is full (src/socket_base.cpp, monitor_event), and with
        // it every connection of the process. So the queue has no bound; its growth is that of connection attempts
        // while this thread is busy.
        options.receiveHighWaterMark = 0
        options.maximumFrameSize = 4_096
        self.socket = socket
        pair = try Socket(.pair, on: socket.thread, options)
        do throws(ZeroMQError) {
            let raw = try unsafe socket.pointer("zmq_socket_monitor")
            guard unsafe zmq_socket_monitor(raw, address, ZMQ_EVENT_ALL) == 0 else {
                throw ZeroMQError.last("zmq_socket_monitor")
            }
            try pair.connect(address)
        } catch {
            pair.close()
            throw error
        }
        let pair = pair
        socket.thread.register(pair) {
            // Fails only once it is closed.
            _ = try? pair.receive(upTo: limit) { incoming in
                if case .message(let message) = incoming, let event = Event(message.frames) { onEvent(event) }
            }
        }
    }

    /// Ends the events; safe to call again, and after the socket was closed.
    package func close() {
        if let raw = try? unsafe socket.pointer("zmq_socket_monitor") {
            _ = unsafe zmq_socket_monitor(raw, nil, 0)
        }
        pair.close()
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
        case ZMQ_EVENT_BIND_FAILED: (kind, descriptor) = (.bindFailed(signed), nil)
        case ZMQ_EVENT_ACCEPTED: (kind, descriptor) = (.accepted, signed)
        case ZMQ_EVENT_ACCEPT_FAILED: (kind, descriptor) = (.acceptFailed(signed), nil)
        case ZMQ_EVENT_CLOSED: (kind, descriptor) = (.closed, signed)
        case ZMQ_EVENT_CLOSE_FAILED: (kind, descriptor) = (.closeFailed(signed), nil)
        case ZMQ_EVENT_DISCONNECTED: (kind, descriptor) = (.disconnected, signed)
        case ZMQ_EVENT_MONITOR_STOPPED: (kind, descriptor) = (.stopped, nil)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: (kind, descriptor) = (.handshakeSucceeded, nil)
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: (kind, descriptor) = (.handshakeFailedAuthentication(status: signed), nil)
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: (kind, descriptor) = (.handshakeFailedProtocol(code: signed), nil)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: (kind, descriptor) = (.handshakeFailed(signed), nil)
        default: (kind, descriptor) = (.other(number), nil)
        }
    }
}
