internal import Bytes
internal import DeterministicCBOR

/// A method that one node asks another for; a value of it is one request with its parameters (spec: peering.md,
/// "Requests").
///
/// All that both sides must agree on is in the one file of the method: its name, its parameters, what it is answered by,
/// how both are encoded, and their limits. What is done for it is told where requests are served.
protocol PeerMethod: Sendable {
    /// The result that it is answered by.
    associatedtype Reply: Sendable

    /// The name by which it is asked for.
    static var name: Text { get }
    /// How many parameters it takes; further ones are ignored.
    static var parameterCount: Int { get }

    /// Reads the parameters; limits asked for are clamped.
    ///
    /// - Throws: `limit` where there are more items than the method takes, else what is wrong.
    init(from reader: inout CBORReader) throws(CBORError)

    /// Writes as many parameters as ``parameterCount``.
    func write(to writer: inout CBORWriter)

    /// Reads the result.
    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> Reply

    /// Writes the result.
    static func write(_ reply: Reply, to writer: inout CBORWriter)
}

extension PeerMethod {
    /// The request's only encoding: `[method, parameters…]`.
    var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.array(1 + Self.parameterCount)
        writer.text(Self.name)
        write(to: &writer)
        return writer.bytes
    }

    /// The reply's frame.
    static func encode(reply: Reply) -> [UInt8] { PeerReply.ok { write(reply, to: &$0) } }

    /// Reads a reply's frame.
    ///
    /// - Throws: the error that the peer answered, or `badReply` where the frame is no reply to this method.
    static func decode(reply: [UInt8]) throws(PeerError) -> Reply { try PeerReply.read(reply, readReply) }
}
