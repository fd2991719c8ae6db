internal import SignedStatements

/// A request that came on a connection of an invitation (spec: meeting.md, "Invitations").
struct GuestRequest: Sendable {
    /// The key of the invitation, which the connection has shown.
    let invitation: PublicKey
    /// The routing id of the connection.
    let connection: [UInt8]
    let id: [UInt8]
    let body: [UInt8]
}
