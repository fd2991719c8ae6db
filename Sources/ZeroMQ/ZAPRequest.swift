/// A request as libzmq sends it to its handler (RFC 27): version, request id, domain, address, routing id, mechanism,
/// credentials.
struct ZAPRequest {
    private static let version = Array("1.0".utf8)

    let id: [UInt8]
    let domain: String
    let address: String
    let mechanism: [UInt8]
    let credentials: [[UInt8]]

    /// Reads the frames after the empty delimiter; `nil` where they are no request of version 1.0.
    init?(_ frames: [[UInt8]]) {
        guard
            frames.count >= 6,
            frames[0] == Self.version,
            let domain = String(validating: frames[2], as: UTF8.self),
            let address = String(validating: frames[3], as: UTF8.self)
        else { return nil }
        id = frames[1]
        self.domain = domain
        self.address = address.withoutIPv4Mapping
        mechanism = frames[5]
        credentials = Array(frames[6...])
    }

    /// The client's key; `nil` where it doesn't come with CURVE.
    var curveKey: [UInt8]? {
        guard
            mechanism == Array("CURVE".utf8), credentials.count == 1, credentials[0].count == Socket.curveKeyCount
        else { return nil }
        return credentials[0]
    }

    /// The frames of a reply: version, request id, status, text, user id, metadata.
    func reply(_ reply: ZAPReply) -> [[UInt8]] {
        [Self.version, id, Array(reply.status.utf8), Array(reply.text.utf8), Array(reply.userID.utf8), []]
    }
}

/// What a handler may answer (RFC 27).
enum ZAPReply {
    case admitted(userID: String)
    case postponed
    case refused
    case failed

    var status: String {
        switch self {
        case .admitted: "200"
        case .postponed: "300"
        case .refused: "400"
        case .failed: "500"
        }
    }

    var text: String {
        switch self {
        case .admitted: "OK"
        case .postponed: "Try later"
        case .refused: "Refused"
        case .failed: "Internal error"
        }
    }

    var userID: String {
        guard case .admitted(let userID) = self else { return "" }
        return userID
    }
}
