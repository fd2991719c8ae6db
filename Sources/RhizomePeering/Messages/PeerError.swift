public import Bytes

/// An error that one node answers another with (spec: peering.md, "Requests").
public struct PeerError: CodedError {
    /// The codes of the protocol, and those for what can happen on the way.
    public enum Code: String, Sendable {
        /// The request isn't what its method takes.
        case malformed
        /// There is no such method.
        case unknownMethod
        /// No `hello` with our protocol and topic was said on this connection.
        case hello
        /// More than a request may ask for.
        case limit
        /// Too many requests at the same time: to be tried again.
        case busy
        /// The asking side may not.
        case refused
        /// The answering side failed.
        case `internal`
        /// No answer came in time. Never sent.
        case timeout
        /// The connection went away. Never sent.
        case disconnected
        /// What came as a reply is none, or breaks the protocol. Never sent.
        case badReply

        /// The code that a peer answered; one that the protocol doesn't have counts as `internal`.
        init(answered code: Text) {
            let known: [Code] = [.malformed, .unknownMethod, .hello, .limit, .busy, .refused, .internal]
            self = known.first { Text($0.rawValue) == code } ?? .internal
        }
    }

    /// What is wrong.
    public let code: Code
    /// A sentence about it.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the sentence.
    public var description: String { "\(code.rawValue): \(message)" }
}
