internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore

/// Asks for all heads, a page at a time, by author and head id.
struct HeadsMethod: PeerMethod {
    /// A page of heads.
    struct Reply: Sendable {
        let heads: [AuthorHead]
        /// Whether others follow.
        let more: Bool
    }

    static let name: Text = "heads"
    static let parameterCount = 2

    /// The last one of the page before.
    let after: AuthorHead?
    /// Heads at most, ``PeeringLimits/headsPage`` or fewer.
    let limit: Int

    init(after: AuthorHead?, limit: Int) {
        self.after = after
        self.limit = limit
    }

    init(from reader: inout CBORReader) throws(CBORError) {
        after = try reader.readNull() ? nil : try reader.authorHead()
        limit = try reader.limit(PeeringLimits.headsPage)
    }

    func write(to writer: inout CBORWriter) {
        if let after { writer.authorHead(after) } else { writer.null() }
        writer.integer(Int64(limit))
    }

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> Reply {
        guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
        return Reply(heads: try reader.authorHeads(), more: try reader.bool())
    }

    static func write(_ reply: Reply, to writer: inout CBORWriter) {
        writer.array(2)
        writer.authorHeads(reply.heads)
        writer.bool(reply.more)
    }
}
