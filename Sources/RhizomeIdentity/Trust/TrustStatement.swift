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
