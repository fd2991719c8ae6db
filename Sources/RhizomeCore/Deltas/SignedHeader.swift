internal import Bytes
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
        self = try Self.decode(bytes) { ($0.id, ()) }.signed
    }

    /// Decodes a header, and tells whether the signature is its author's.
    ///
    /// - Throws: as ``init(decoding:)``.
    /// - Complexity: one verification, 60 µs.
    static func verifying(_ bytes: [UInt8]) throws(DeltaRefusal) -> (signed: SignedHeader, isValid: Bool) {
        try decode(bytes) { $0.verified }
    }

    private static func decode<Verdict>(
        _ bytes: [UInt8],
        _ identify: (SignedStatement) -> (Bytes32, Verdict)
    ) throws(DeltaRefusal) -> (signed: SignedHeader, Verdict) {
        var reader = CBORReader(bytes)
        let statement: SignedStatement
        do throws(CBORError) {
            statement = try SignedStatement(from: &reader, purpose: SignedDelta.purpose)
            try reader.finish()
        } catch {
            throw DeltaRefusal(in: "header", error)
        }
        let header = try DeltaHeader(payload: statement.payload)
        let (id, verdict) = identify(statement)
        return (SignedHeader(statement: statement, id: DeltaID(id), header: header), verdict)
    }

    private init(statement: SignedStatement, id: DeltaID, header: DeltaHeader) {
        self.statement = statement
        self.id = id
        self.header = header
    }

    /// Decodes the body that belongs to this header, as ``SignedDelta/init(header:body:)`` does with both.
    ///
    /// Whether it is the body that was signed isn't checked.
    func body(decoding bytes: [UInt8], headerCount: Int) throws(DeltaRefusal) -> DeltaBody {
        // The head of the array, and that of a byte string of more than 65,535 bytes (RFC 8949, section 3).
        try SignedDelta.check(count: headerCount + bytes.count + (bytes.count > 65_535 ? 6 : 4))
        try SignedDelta.check(bodyCount: bytes.count)
        let body = try DeltaBody(bytes: bytes)
        try SignedDelta.check(body, by: author)
        return body
    }

    /// The header of a delta.
    public init(_ delta: SignedDelta) {
        statement = delta.statement
        id = delta.id
        header = delta.header
    }
}
