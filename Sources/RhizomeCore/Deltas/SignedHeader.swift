internal import DeterministicCBOR
public import SignedStatements

/// A delta's signed header without its body, decoded but not verified.
///
/// It alone says who signed a delta and where it stands in that log: what is kept elsewhere of either only finds it.
public struct SignedHeader: Hashable, Sendable {
    /// The signed header as it was received.
    public let statement: SignedStatement
    /// The id, computed from what was signed.
    public let id: DeltaID
    /// What the author signed.
    public let header: DeltaHeader

    /// Who claims to have signed it.
    public var author: PublicKey { statement.signer }

    /// Decodes a header: a COSE_Sign1.
    ///
    /// - Throws: `limit`, `malformed` or `chain`, as ``SignedDelta/init(decoding:)`` does.
    /// - Complexity: some µs; a SHA-256 over the header.
    public init(decoding bytes: [UInt8]) throws(DeltaRefusal) {
        var reader = CBORReader(bytes)
        do throws(CBORError) {
            statement = try SignedStatement(from: &reader, purpose: SignedDelta.purpose)
            try reader.finish()
        } catch {
            throw DeltaRefusal(in: "header", error)
        }
        header = try DeltaHeader(payload: statement.payload)
        id = DeltaID(statement.id)
    }

    /// The header of a delta.
    public init(_ delta: SignedDelta) {
        statement = delta.statement
        id = delta.id
        header = delta.header
    }
}
