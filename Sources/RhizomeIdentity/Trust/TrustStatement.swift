public import Bytes
internal import DeterministicCBOR
public import SignedStatements

/// One signed statement of the trusted-peer journal (spec: identity.md, "The trusted-peer list").
public struct TrustStatement: Hashable, Sendable {
    /// What its signature is for.
    public static let purpose = SignedStatement.Purpose("rhizome.trust.v1")
    static let version: Int64 = 1

    /// The message as it stands in the journal.
    public let signed: SignedStatement
    /// SHA-256 of what was signed.
    public let id: Bytes32
    /// Its place in the journal, from 0.
    public let sequence: Int64
    /// The id of the statement before; `nil` for the first.
    public let previous: Bytes32?
    /// When it was made: µs since 1970, above that of the statement before.
    public let time: Timestamp
    /// What it says.
    public let change: TrustChange

    /// Reads the payload; checks neither signature nor chain.
    ///
    /// - Throws: ``CBORError`` and ``TrustChange/Fault``.
    init(_ signed: SignedStatement) throws {
        var reader = CBORReader(signed.payload)
        guard try reader.array() == 7 else { throw TrustChange.Fault.broken("its payload has not seven items") }
        guard try reader.integer() == Self.version else { throw TrustChange.Fault.newer("its format") }
        sequence = try reader.integer()
        previous = try reader.readNull() ? nil : try reader.bytes32()
        time = Timestamp(microseconds: try reader.integer())
        let action = try reader.text()
        let subject = PublicKey(try reader.bytes32())
        change = try TrustChange(reading: &reader, action: action, of: subject)
        try reader.finish()
        self.signed = signed
        id = signed.id
    }

    /// The payload of a statement that is yet to be signed.
    static func payload(sequence: Int64, previous: Bytes32?, time: Timestamp, _ change: TrustChange) -> [UInt8] {
        var writer = CBORWriter(capacity: 256)
        writer.array(7)
        writer.integer(version)
        writer.integer(sequence)
        if let previous { writer.byteString(previous) } else { writer.null() }
        writer.integer(time.microseconds)
        writer.text(Text(change.action.rawValue))
        writer.byteString(change.identity.bytes)
        change.writeAttributes(to: &writer)
        return writer.bytes
    }
}

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
