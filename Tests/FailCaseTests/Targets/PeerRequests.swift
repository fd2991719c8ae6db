import Bytes
import RhizomeCore
import SignedLog

@testable import RhizomePeering

/// Requests between nodes: what is accepted has an encoding that means the same.
enum PeerRequests: FuzzTarget {
    static let name = "request"
    static let hello = Hello(
        agent: "a/1",
        name: "alice",
        request: "127.0.0.1:1",
        publish: nil,
        topic: "rhizome",
        time: 5,
        received: 4
    )
    static let head = AuthorHead(
        author: PublicKey(Bytes32(repeating: 1)),
        id: DeltaID(Bytes32(repeating: 2))
    )

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        let pull = PullRequest(
            author: head.author,
            want: [head.id],
            have: [head.id],
            after: (7, head.id),
            maximumBytes: 1_024
        )
        let requests: [PeerRequest] = [
            .hello(hello), .heads(after: head, limit: 1), .news(cursor: [1, 2], limit: 7), .pull(pull),
            .push([[1], [2, 3]]), .peers,
        ]
        return requests.map(\.encoded)
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let request: PeerRequest
        do throws(PeerError) { request = try PeerRequest(decoding: bytes) } catch { return false }
        let encoded = request.encoded
        try require(try PeerRequest(decoding: encoded).encoded == encoded, "a request is read as it is written")
        return true
    }
}
