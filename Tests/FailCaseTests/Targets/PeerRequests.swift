import Bytes
import RhizomeCore
import SignedStatements

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
        time: Timestamp(microseconds: 5),
        received: Timestamp(microseconds: 4)
    )
    static let head = AuthorHead(
        author: PublicKey(Bytes32(repeating: 1)),
        id: DeltaID(Bytes32(repeating: 2))
    )

    static let methods: [any PeerMethod.Type] = [
        Hello.self, HeadsMethod.self, NewsMethod.self, PullMethod.self, PushMethod.self, PeersMethod.self,
        AddressesMethod.self, JoinMethod.self,
    ]

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        let pull = PullRequest(
            author: head.author,
            want: [head.id],
            have: [head.id],
            after: (7, head.id),
            maximumBytes: 1_024
        )
        let requests: [any PeerMethod] = [
            hello, HeadsMethod(after: head, limit: 1), NewsMethod(cursor: [1, 2], limit: 7), PullMethod(pull),
            PushMethod([[1], [2, 3]]), PeersMethod(), JoinMethod(statement: [1, 2]),
            AddressesMethod(wanted: [.init(key: head.author, time: Timestamp(microseconds: 7))]),
        ]
        return requests.map(\.encoded)
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        var isAccepted = false
        for method in methods where try check(bytes, as: method) { isAccepted = true }
        return isAccepted
    }

    private static func check<Method: PeerMethod>(_ bytes: [UInt8], as method: Method.Type) throws -> Bool {
        func read(_ bytes: [UInt8]) throws(PeerError) -> Method? {
            let request = try PeerRequest(opening: bytes)
            return request.method == Method.name ? try request.read(as: method) : nil
        }
        let encoded: [UInt8]
        do throws(PeerError) {
            guard let request = try read(bytes) else { return false }
            encoded = request.encoded
        } catch {
            return false
        }
        try require(try read(encoded)?.encoded == encoded, "a request is read as it is written")
        return true
    }
}
