public import Bytes
public import SignedStatements

/// The last word of the journal on one identity.
public struct TrustEntry: Hashable, Sendable {
    /// What the statement says.
    public let change: TrustChange
    /// When it was made: µs since 1970.
    public let time: Timestamp
    /// The statement's id.
    public let statement: Bytes32

    init(_ statement: TrustStatement) {
        change = statement.change
        time = statement.time
        self.statement = statement.id
    }

    /// Whose entry it is.
    public var identity: PublicKey { change.identity }
    /// Whether trust was given or taken back.
    public var action: TrustChange.Action { change.action }
    /// The petname, of trusted entries.
    public var name: String? { change.name }
    /// Request addresses, tried one at a time in this order.
    public var addresses: [PeerAddress] { change.addresses }
    /// What the peer may do, as long as it is trusted.
    public var may: Set<Permission> { change.may }
    /// When trust ends: µs since 1970; never where `nil`.
    public var until: Timestamp? { change.until }
    /// What the owner wrote beside it.
    public var note: String? { change.note }
    /// What of a distrusted author stays.
    public var keep: Keep { change.keep }
    /// Why trust was taken back.
    public var reason: String? { change.reason }
    /// The key of the invitation by which trust was given, on either side.
    public var invitation: PublicKey? { change.invitation }
    /// Whose introduction, or its end, had the node state this by itself; `nil` where a person did, or an invitation.
    public var introducedBy: PublicKey? { change.introducedBy }
    /// The delta by which the peer was introduced.
    public var introduction: Bytes32? { change.introduction }

    /// Whether trust was given and has not run out: at `until` itself it still holds, past it no more.
    public func isTrusted(at now: Timestamp) -> Bool { action == .trust && until.map { now <= $0 } ?? true }
}
