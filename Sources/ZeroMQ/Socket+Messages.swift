internal import CZeroMQ
internal import Glibc

/// What became of a message that was to be sent.
package enum SendResult: Sendable {
    /// It is queued for the peer; a PUB may have dropped it.
    case sent
    /// The queue is full, or there is no connection: nothing was sent.
    case wouldBlock
    /// A ROUTER has no connection of this routing id (any more): nothing was sent.
    case unreachable
}

extension Socket {
    /// How many frames a message may have besides a ROUTER's routing id (spec: peering.md, "Bounded everywhere").
    package static let maximumFrames = 4

    /// Reads messages until none is left, or `limit` were read: the rest waits for the thread's next turn, after the
    /// other sockets'.
    ///
    /// - Parameter maximumFrames: How many frames a message may have, a ROUTER's routing id not counted.
    /// - Returns: How many were read.
    @discardableResult
    package func receive(
        upTo limit: Int = 64,
        maximumFrames: Int = Socket.maximumFrames,
        _ body: (Incoming) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) -> Int {
        var count = 0
        while count < limit, let incoming = try receive(maximumFrames: maximumFrames) {
            count += 1
            try body(incoming)
            // The body may have closed the socket.
            guard handle.isOpen else { break }
        }
        return count
    }

    /// Reads one message; `nil` where none is waiting.
    package func receive(maximumFrames: Int = Socket.maximumFrames) throws(ZeroMQError) -> Incoming? {
        let maximum = maximumFrames + (kind == .router ? 1 : 0)
        guard var frame = try receiveFrame(keeping: true) else { return nil }
        var frames = [frame.bytes]
        var bytes = frame.count
        var count = 1
        var sender = frame.sender
        var isOfOne = true
        while frame.hasMore {
            // The frames of a message come together or not at all (zmq_msg_recv(3)).
            guard let next = try receiveFrame(keeping: count < maximum) else {
                throw ZeroMQError(.system, "zmq_msg_recv: a message without an end")
            }
            frame = next
            count += 1
            bytes += frame.count
            if count == 2, kind == .router {
                // The routing id is the library's own frame; it often comes without its sender (src/router.cpp).
                sender = frame.sender
            }
            isOfOne = isOfOne && frame.sender.userID == sender.userID
            if count <= maximum {
                frames.append(frame.bytes)
            } else {
                frames = []
            }
        }
        guard count <= maximum else {
            Self.giveBackMemory(afterDropping: bytes)
            return .oversized(
                userID: isOfOne ? sender.userID : nil,
                frames: count,
                bytes: bytes,
                descriptor: sender.descriptor
            )
        }
        return .message(
            Message(
                frames: frames,
                userID: isOfOne ? sender.userID : nil,
                descriptor: sender.descriptor
            )
        )
    }

    /// Sends a message of one frame or more, whole or not at all, without waiting.
    ///
    /// On a ROUTER the first frame is the routing id of the connection.
    ///
    /// - Throws: `closed`, or `system` for what must not happen.
    @discardableResult
    package func send(_ frames: [[UInt8]]) throws(ZeroMQError) -> SendResult {
        precondition(!frames.isEmpty, "a message has a frame")
        let socket = try unsafe pointer("zmq_send")
        var failure: Int32 = 0
        for (index, frame) in frames.enumerated() {
            let more = index + 1 < frames.count ? ZMQ_SNDMORE : 0
            guard unsafe zmq_send(socket, frame, frame.count, ZMQ_DONTWAIT | more) < 0 else { continue }
            failure = zmq_errno()
            // Refused at the first frame, nothing has begun. If the connection ends between two frames, a DEALER
            // drops what comes up to the last frame: it must be given those, or the next message would be dropped
            // (libzmq, src/lb.cpp).
            guard index > 0, failure == EAGAIN else { break }
        }
        switch failure {
        case 0: return .sent
        case EAGAIN: return .wouldBlock
        case EHOSTUNREACH: return .unreachable
        default: throw ZeroMQError(number: failure, call: "zmq_send")
        }
    }

    private struct Sender {
        let userID: String?
        let descriptor: Int32?
    }

    private struct Frame {
        let bytes: [UInt8]
        let count: Int
        let hasMore: Bool
        let sender: Sender
    }

    private func receiveFrame(keeping isKept: Bool) throws(ZeroMQError) -> Frame? {
        let socket = try unsafe pointer("zmq_msg_recv")
        return try unsafe handle.withMessage { message throws(ZeroMQError) in
            guard unsafe zmq_msg_recv(message, socket, ZMQ_DONTWAIT) >= 0 else {
                let number = zmq_errno()
                guard number == EAGAIN || number == EINTR else {
                    throw ZeroMQError(number: number, call: "zmq_msg_recv")
                }
                return nil
            }
            let count = unsafe zmq_msg_size(message)
            let bytes =
                isKept ? unsafe [UInt8](UnsafeRawBufferPointer(start: zmq_msg_data(message), count: count)) : []
            return unsafe Frame(
                bytes: bytes,
                count: count,
                hasMore: zmq_msg_more(message) != 0,
                sender: Sender(
                    userID: property("User-Id", of: message),
                    // What `ZMQ_SRCFD` of zmq_msg_get(3) reads.
                    descriptor: property("__fd", of: message).flatMap { Int32($0) }
                )
            )
        }
    }

    private func property(_ name: StaticString, of message: UnsafeMutablePointer<zmq_msg_t>) -> String? {
        let text = name.withUTF8Buffer { name in
            // A StaticString's bytes end with a NUL.
            unsafe name.withMemoryRebound(to: CChar.self) { name in unsafe zmq_msg_gets(message, name.baseAddress) }
        }
        guard let text = unsafe text else { return nil }
        return unsafe String(cString: text)
    }

    /// The frames of one message can have filled hundreds of megabytes, which the C allocator would keep.
    private static func giveBackMemory(afterDropping bytes: Int) {
        guard bytes >= 16 << 20 else { return }
        _ = malloc_trim(0)
    }
}
