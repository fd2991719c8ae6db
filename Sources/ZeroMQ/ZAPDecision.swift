/// What becomes of a client that asks to be let in (RFC 27).
package enum ZAPDecision: Sendable, Equatable {
    /// 200: admitted; every message of the connection carries the user id, 1 to 255 bytes without NUL.
    case admit(userID: String)
    /// 300: not now. The client isn't told, and tries again each time its handshake interval runs out.
    case tryLater
    /// 400: no. The client is told, and never tries again by itself.
    case refuse
}
