import Bytes
import RhizomeCore

@testable import RhizomePeering

/// Replies of nodes, read as those of each method: what is accepted is written as the same bytes, `hello` as its equal.
enum PeerReplies: FuzzTarget {
    static let name = "reply"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        [
            Hello.encode(reply: PeerRequests.hello),
            HeadsMethod.encode(reply: .init(heads: [PeerRequests.head], more: true)),
            NewsMethod.encode(reply: .init(heads: [PeerRequests.head], cursor: [1, 2], more: false)),
            PullMethod.encode(reply: .init(deltas: [[1], [2]], more: true)),
            PushMethod.encode(reply: [.init(id: nil, decision: "reject", reason: "limit")]),
            PeersMethod.encode(reply: [.init(identity: PeerRequests.head.author, request: nil, name: "bob")]),
            AddressesMethod.encode(reply: [[1], [2, 3]]), JoinMethod.encode(reply: [1, 2]),
            PeerReply.error(PeerError(.busy, "later")),
        ]
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        var isAccepted = false
        for method in PeerRequests.methods where try check(bytes, as: method) { isAccepted = true }
        return isAccepted
    }

    private static func check<Method: PeerMethod>(_ bytes: [UInt8], as method: Method.Type) throws -> Bool {
        let reply: Method.Reply
        do throws(PeerError) {
            reply = try Method.decode(reply: bytes)
        } catch {
            try require(error.message.utf8.count <= 1_024, "what a peer answers can't make a log long")
            return false
        }
        let written = Method.encode(reply: reply)
        if let hello = reply as? Hello {
            try require(try Hello.decode(reply: written) == hello, "hello is read as written")
        } else {
            try require(written == bytes, "a reply has one encoding")
        }
        return true
    }
}
