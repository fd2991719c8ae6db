internal import Bytes
internal import DeterministicCBOR

/// Takes an invitation: what the guest signed, answered by what the host signs for it (spec: meeting.md, "Invitations").
///
/// Peers aren't served it, and guests nothing else.
struct JoinMethod: PeerMethod {
    static let name: Text = "join"
    static let parameterCount = 1

    /// A ``JoinStatement`` by the guest, as it came.
    let statement: [UInt8]

    init(statement: [UInt8]) { self.statement = statement }

    init(from reader: inout CBORReader) throws(CBORError) { statement = try reader.byteString() }

    func write(to writer: inout CBORWriter) { writer.byteString(statement) }

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> [UInt8] { try reader.byteString() }

    static func write(_ reply: [UInt8], to writer: inout CBORWriter) { writer.byteString(reply) }
}
