internal import Bytes
internal import SignedStatements

/// Who sent a request, on what, and when.
struct Asker: Sendable {
    let peer: PublicKey
    /// The routing id of its connection.
    let connection: [UInt8]
    /// When the request came in, µs since 1970.
    let received: Timestamp
}

/// A method that this node answers (spec: peering.md, "Requests").
protocol ServedMethod: PeerMethod {
    /// Whether it is answered only on a connection that has said `hello`.
    static var needsGreeting: Bool { get }

    /// Does what is asked.
    ///
    /// - Throws: what the store can't do; the peer is answered `internal`.
    func answer(_ asker: Asker, from server: PeerServer) async throws -> Reply
}

extension ServedMethod {
    static var needsGreeting: Bool { true }
}

/// The methods that this node answers.
enum ServedMethods {
    private static let all: [any ServedMethod.Type] = [
        Hello.self, HeadsMethod.self, NewsMethod.self, PullMethod.self, PushMethod.self, PeersMethod.self,
        AddressesMethod.self,
    ]
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// Reads a request: limits asked for are clamped, parameters beyond the known ones are ignored.
    ///
    /// - Throws: `malformed`, `unknownMethod`, or `limit`.
    static func read(_ body: [UInt8]) throws(PeerError) -> any ServedMethod {
        let request = try PeerRequest(opening: body)
        guard let method = byName[request.method] else { throw PeerError(.unknownMethod, "no such method") }
        return try request.read(as: method)
    }
}
