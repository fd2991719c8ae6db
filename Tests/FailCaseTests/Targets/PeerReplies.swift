import Bytes
import DeterministicCBOR
import RhizomeCore

@testable import RhizomePeering

/// Replies of nodes, read as those of each method: what is accepted is written as the same bytes, `hello` as its equal.
enum PeerReplies: FuzzTarget {
    static let name = "reply"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        [
            PeerReply.hello(PeerRequests.hello), PeerReply.heads([PeerRequests.head], more: true),
            PeerReply.news([PeerRequests.head], cursor: [1, 2], more: false), PeerReply.pull([[1], [2]], more: true),
            PeerReply.push([PushResult(id: nil, decision: "reject", reason: "limit")]),
            PeerReply.error(PeerError(.busy, "later")),
        ]
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        var isAccepted = false
        if let hello = try read(bytes, PeerReply.readHello) {
            isAccepted = true
            try require(try read(PeerReply.hello(hello), PeerReply.readHello) == hello, "hello is read as written")
        }
        func rewritten(_ reply: [UInt8]?) throws {
            guard let reply else { return }
            isAccepted = true
            try require(reply == bytes, "a reply has one encoding")
        }
        try rewritten(try read(bytes, PeerReply.readHeads).map { PeerReply.heads($0.heads, more: $0.more) })
        try rewritten(
            try read(bytes, PeerReply.readNews).map { PeerReply.news($0.heads, cursor: $0.cursor, more: $0.more) }
        )
        try rewritten(try read(bytes, PeerReply.readPull).map { PeerReply.pull($0.deltas, more: $0.more) })
        try rewritten(try read(bytes, PeerReply.readPush).map { PeerReply.push($0) })
        return isAccepted
    }

    private static func read<Result>(
        _ bytes: [UInt8],
        _ result: (inout CBORReader) throws(CBORError) -> Result
    ) throws -> Result? {
        do throws(PeerError) {
            return try PeerReply.read(bytes, result)
        } catch {
            try require(error.message.utf8.count <= 1_024, "what a peer answers can't make a log long")
            return nil
        }
    }
}
