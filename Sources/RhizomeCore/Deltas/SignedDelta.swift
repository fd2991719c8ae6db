internal import DeterministicCBOR
public import SignedLog
internal import Sodium

/// A delta in its full form, decoded and within its limits, but not verified: the first station of its walk.
///
///     signed delta = [header: COSE_Sign1, body: bstr]                       (spec: delta.md)
///
/// The bytes received are kept and are the truth: they are what is hashed, verified, stored and handed on.
public struct SignedDelta: Sendable {
    /// What a delta's signature is for.
    public static let purpose = SignedStatement.Purpose("rhizome.delta.v1")

    /// The whole signed delta as it was received or made.
    public let bytes: [UInt8]
    /// The signed header.
    public let statement: SignedStatement
    /// The id, computed from what was signed.
    public let id: DeltaID
    /// What the author signed.
    public let header: DeltaHeader
    /// What the delta says.
    public let body: DeltaBody
    /// The body's encoding.
    public let bodyBytes: [UInt8]
    private let headerRange: Range<Int>

    /// Who claims to have signed it.
    public var author: PublicKey { statement.signer }

    /// Decodes a signed delta: admission's first row but for the author's key, which ``PublicKey/isAcceptable`` checks.
    ///
    /// - Throws: `limit`, `malformed`, or `chain` for a sequence that can't go with its previous.
    /// - Complexity: O(*n*) in the bytes, some µs for a small delta; a SHA-256 over the header.
    public init(decoding bytes: [UInt8]) throws(DeltaRefusal) {
        guard bytes.count <= DeltaLimits.signedBytes else {
            throw .limit("\(bytes.count) bytes; a signed delta has at most \(DeltaLimits.signedBytes)")
        }
        var reader = CBORReader(bytes)
        let bodyRange: Range<Int>
        do throws(CBORError) {
            guard try reader.array() == 2 else { throw .unexpected(at: 0) }
            let start = reader.offset
            statement = try SignedStatement(from: &reader, purpose: Self.purpose)
            headerRange = start..<reader.offset
            bodyRange = try reader.byteStringRange()
            try reader.finish()
        } catch {
            throw DeltaRefusal(in: "signed delta", error)
        }
        guard bodyRange.count <= DeltaLimits.bodyBytes else {
            throw .limit("a body of \(bodyRange.count) bytes; at most \(DeltaLimits.bodyBytes) are allowed")
        }
        header = try DeltaHeader(payload: statement.payload)
        bodyBytes = Array(bytes[bodyRange])
        body = try DeltaBody(bytes: bodyBytes)
        guard body.host != statement.signer else { throw .malformed("the host is the author: null says so") }
        id = DeltaID(statement.id)
        self.bytes = bytes
    }

    /// Puts a stored header and body together again.
    public init(header: [UInt8], body: [UInt8]) throws(DeltaRefusal) {
        try self.init(decoding: Self.encoded(header: header, body: body))
    }

    /// The bytes of a signed delta with this header and body, which are not looked at.
    public static func encoded(header: [UInt8], body: [UInt8]) -> [UInt8] {
        var writer = CBORWriter(capacity: header.count + body.count + 8)
        writer.array(2)
        writer.raw(header)
        writer.byteString(body)
        return writer.bytes
    }

    /// Makes and signs a delta that follows `previous`.
    ///
    /// - Throws: `limit` or `malformed` where the pointers break a limit.
    public init(
        pointers: [Pointer],
        host: PublicKey? = nil,
        after previous: [Head],
        timeCreated: Int64,
        signer: some StatementSigner
    ) throws(DeltaRefusal) {
        let body = try DeltaBody(host: host == signer.publicKey ? nil : host, pointers: pointers)
        let bodyBytes = body.encoded
        guard bodyBytes.count <= DeltaLimits.bodyBytes else {
            throw .limit("a body of \(bodyBytes.count) bytes; at most \(DeltaLimits.bodyBytes) are allowed")
        }
        let header = DeltaHeader(
            sequence: previous.map { $0.sequence + 1 }.max() ?? 0,
            previous: previous.map(\.id).sorted(),
            timeCreated: timeCreated,
            bodyHash: SHA256.hash(bodyBytes),
            bodyCount: Int64(bodyBytes.count)
        )
        let statement = signer.sign(header.payload, for: Self.purpose)
        try self.init(header: statement.encoded, body: bodyBytes)
    }

    /// The header's encoding, a COSE_Sign1 that any COSE library can check.
    public var headerBytes: [UInt8] { Array(bytes[headerRange]) }
}

/// The end of one branch of an author's log.
public struct Head: Hashable, Sendable {
    /// The delta that no other one of its author names as previous.
    public let id: DeltaID
    /// Its sequence.
    public let sequence: Int64
    /// Its time, µs since 1970.
    public let timeCreated: Int64

    /// A head.
    public init(id: DeltaID, sequence: Int64, timeCreated: Int64) {
        self.id = id
        self.sequence = sequence
        self.timeCreated = timeCreated
    }
}
