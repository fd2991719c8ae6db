internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore

/// Asks for the heads of the authors whose logs changed since it was asked last.
struct NewsMethod: PeerMethod {
    /// A page of heads.
    struct Reply: Sendable {
        let heads: [AuthorHead]
        /// From where to ask next.
        let cursor: [UInt8]
        /// Whether others follow.
        let more: Bool
    }

    static let name: Text = "news"
    static let parameterCount = 2
    /// Bytes of a cursor: whatever the peer likes, but not whatever length.
    private static let cursorBytes = 256

    /// What the peer answered last; none, or one that it doesn't know, starts over.
    let cursor: [UInt8]?
    /// Heads at most, ``PeeringLimits/headsPage`` or fewer.
    let limit: Int

    init(cursor: [UInt8]?, limit: Int) {
        self.cursor = cursor
        self.limit = limit
    }

    init(from reader: inout CBORReader) throws(CBORError) {
        cursor = try reader.readNull() ? nil : try reader.byteString()
        limit = try reader.limit(PeeringLimits.headsPage)
    }

    func write(to writer: inout CBORWriter) {
        if let cursor { writer.byteString(cursor) } else { writer.null() }
        writer.integer(Int64(limit))
    }

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> Reply {
        guard try reader.array() == 3 else { throw .unexpected(at: reader.offset) }
        let heads = try reader.authorHeads()
        let cursor = try reader.byteString()
        guard cursor.count <= cursorBytes else { throw .unexpected(at: reader.offset) }
        return Reply(heads: heads, cursor: cursor, more: try reader.bool())
    }

    static func write(_ reply: Reply, to writer: inout CBORWriter) {
        writer.array(3)
        writer.authorHeads(reply.heads)
        writer.byteString(reply.cursor)
        writer.bool(reply.more)
    }
}
