internal import Bytes
internal import SignedStatements

/// Work of a peer that came in and is done on the pool.
enum PeerJob: Sendable {
    /// A request.
    struct Request: Sendable {
        let peer: PublicKey
        /// The routing id of the connection on which it came, and to which the reply goes.
        let connection: [UInt8]
        let id: [UInt8]
        let body: [UInt8]
        /// When it came in.
        let received: Timestamp
    }

    case request(Request)
    case publication(peer: PublicKey, body: [UInt8])

    /// Who sent it.
    var peer: PublicKey {
        switch self {
        case .request(let request): request.peer
        case .publication(let peer, _): peer
        }
    }

    /// Its last frame.
    var body: [UInt8] {
        switch self {
        case .request(let request): request.body
        case .publication(_, let body): body
        }
    }
}
