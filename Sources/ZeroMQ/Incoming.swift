/// What came in on a socket.
package enum Incoming: Sendable {
    /// A message, whole.
    case message(Message)
    /// A message with more frames than allowed: dropped unread, its memory given back. The sender is to blame.
    case oversized(userID: String?, frames: Int, bytes: Int, descriptor: Int32?)

    /// How many bytes came in, in all frames.
    package var bytes: Int {
        switch self {
        case .message(let message): message.bytes
        case .oversized(_, _, let bytes, _): bytes
        }
    }

    /// The descriptor of the connection on which it came (``AcceptedConnections``).
    package var descriptor: Int32? {
        switch self {
        case .message(let message): message.descriptor
        case .oversized(_, _, _, let descriptor): descriptor
        }
    }
}
