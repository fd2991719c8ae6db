public import Bytes
internal import DeterministicCBOR
public import SignedStatements
internal import Sodium

/// A delta in its full form, decoded and within its limits, but not verified: the first station of its walk.
///
///     signed delta = [header: COSE_Sign1, body: bstr]                       (spec: delta.md)
///
/// The bytes received are kept and are the truth: they are what is hashed, verified, stored and handed on.
public struct SignedDelta: Sendable {
    /// What a delta's signature is for.
    public static let purpose = SignedStatement.Purpose("rhizome.delta.v1")

    /// What is known of one: in one place, since a delta is copied at each station of its walk.
    private final class Content: Sendable {
        let bytes: [UInt8]
        let statement: SignedStatement
        let id: DeltaID
        let header: DeltaHeader
        let body: DeltaBody
        let bodyBytes: [UInt8]
        let headerRange: Range<Int>

        init(
            bytes: [UInt8],
            statement: SignedStatement,
            header: DeltaHeader,
            body: DeltaBody,
            bodyBytes: [UInt8],
            headerRange: Range<Int>
        ) {
            self.bytes = bytes
            self.statement = statement
            id = DeltaID(statement.id)
            self.header = header
            self.body = body
            self.bodyBytes = bodyBytes
            self.headerRange = headerRange
        }
    }

    private let content: Content

    /// The whole signed delta as it was received or made.
    public var bytes: [UInt8] { content.bytes }
    /// The signed header.
    public var statement: SignedStatement { content.statement }
    /// The id, computed from what was signed.
    public var id: DeltaID { content.id }
    /// What the author signed.
    public var header: DeltaHeader { content.header }
    /// What the delta says.
    public var body: DeltaBody { content.body }
    /// The body's encoding.
    public var bodyBytes: [UInt8] { content.bodyBytes }
    /// Who claims to have signed it.
    public var author: PublicKey { content.statement.signer }

    /// Decodes a signed delta: admission's first row but for the author's key, which ``PublicKey/isAcceptable`` checks.
    ///
    /// - Throws: `limit`, `malformed`, or `chain` for a sequence that can't go with its previous.
    /// - Complexity: O(*n*) in the bytes, some µs for a small delta; a SHA-256 over the header.
    public init(decoding bytes: [UInt8]) throws(DeltaRefusal) {
        try Self.check(count: bytes.count)
        var reader = CBORReader(bytes)
        let statement: SignedStatement
        let headerRange: Range<Int>
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
        try Self.check(bodyCount: bodyRange.count)
        let header = try DeltaHeader(payload: statement.payload)
        let bodyBytes = Array(bytes[bodyRange])
        let body = try DeltaBody(bytes: bodyBytes)
        try Self.check(body, by: statement.signer)
        content = Content(
            bytes: bytes,
            statement: statement,
            header: header,
            body: body,
            bodyBytes: bodyBytes,
            headerRange: headerRange
        )
    }

    /// Refuses more bytes than a signed delta may have.
    static func check(count: Int) throws(DeltaRefusal) {
        guard count <= DeltaLimits.signedBytes else {
            throw .limit("\(count) bytes; a signed delta has at most \(DeltaLimits.signedBytes)")
        }
    }

    /// Refuses more bytes than a body may have.
    static func check(bodyCount: Int) throws(DeltaRefusal) {
        guard bodyCount <= DeltaLimits.bodyBytes else {
            throw .limit("a body of \(bodyCount) bytes; at most \(DeltaLimits.bodyBytes) are allowed")
        }
    }

    /// Refuses a body that doesn't go with who signed it.
    static func check(_ body: DeltaBody, by author: PublicKey) throws(DeltaRefusal) {
        guard body.host != author else { throw .malformed("the host is the author: null says so") }
    }

    /// How many pointers a signed delta says that it has, without decoding them or making sure of anything else.
    ///
    /// - Returns: 1,024 at most; 0 for what isn't of the form of a signed delta.
    /// - Complexity: O(1) but for a header that isn't one: O(*n*) in its bytes.
    public static func pointerCount(in bytes: [UInt8]) -> Int {
        var reader = CBORReader(bytes)
        do throws(CBORError) {
            guard try reader.array() == 2 else { return 0 }
            _ = try reader.tag()
            try reader.skip()
            var body = CBORReader(bytes, in: try reader.byteStringRange())
            guard try body.array() == 2 else { return 0 }
            if try !body.readNull() { _ = try body.byteStringRange() }
            return try body.array(atMost: DeltaLimits.pointers)
        } catch {
            return 0
        }
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
        timeCreated: Timestamp,
        signer: some StatementSigner
    ) throws(DeltaRefusal) {
        let body = try DeltaBody(host: host == signer.publicKey ? nil : host, pointers: pointers)
        let bodyBytes = body.encoded
        try Self.check(bodyCount: bodyBytes.count)
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
    public var headerBytes: [UInt8] { Array(bytes[content.headerRange]) }
}
