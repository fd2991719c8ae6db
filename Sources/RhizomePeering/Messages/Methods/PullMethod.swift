internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedStatements

/// Asks for a page of what one author's heads reach.
struct PullMethod: PeerMethod {
    /// A page of signed deltas, by (sequence, id).
    struct Reply: Sendable {
        let deltas: [[UInt8]]
        /// Whether others follow.
        let more: Bool
    }

    static let name: Text = "pull"
    static let parameterCount = 5
    /// Heads that one may want.
    static let wantedHeads = 64
    /// Ids that one may say it has.
    static let locators = 256

    /// What is asked of the log: ``wantedHeads``, ``locators`` and ``PeeringLimits/pageBytes`` at most.
    let request: PullRequest

    init(_ request: PullRequest) { self.request = request }

    init(from reader: inout CBORReader) throws(CBORError) {
        func ids(atMost limit: Int) throws(CBORError) -> [DeltaID] {
            var ids: [DeltaID] = []
            for _ in 0..<(try reader.array(atMost: limit)) { ids.append(DeltaID(try reader.bytes32())) }
            return ids
        }
        let author = PublicKey(try reader.bytes32())
        let want = try ids(atMost: Self.wantedHeads)
        let have = try ids(atMost: Self.locators)
        var after: (sequence: Int64, id: DeltaID)?
        if try !reader.readNull() {
            guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
            after = (try reader.integer(), DeltaID(try reader.bytes32()))
        }
        let bytes = try reader.limit(PeeringLimits.pageBytes)
        request = PullRequest(author: author, want: want, have: have, after: after, maximumBytes: bytes)
    }

    func write(to writer: inout CBORWriter) {
        writer.byteString(request.author.bytes)
        for ids in [request.want, request.have] {
            writer.array(ids.count)
            for id in ids { writer.byteString(id.bytes) }
        }
        if let (sequence, id) = request.after {
            writer.array(2)
            writer.integer(sequence)
            writer.byteString(id.bytes)
        } else {
            writer.null()
        }
        writer.integer(Int64(request.maximumBytes))
    }

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> Reply {
        guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
        return Reply(deltas: try reader.byteStrings(), more: try reader.bool())
    }

    static func write(_ reply: Reply, to writer: inout CBORWriter) {
        writer.array(2)
        writer.byteStrings(reply.deltas)
        writer.bool(reply.more)
    }
}
