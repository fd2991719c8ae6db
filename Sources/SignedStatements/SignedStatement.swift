public import Bytes
public import DeterministicCBOR
package import Sodium

/// A COSE_Sign1 message (RFC 9052, section 4.2) by one Ed25519 key, as deltas and trust statements are.
///
///     18([ protected: bstr {1: -8, 4: signer}, {}, payload: bstr, signature: bstr(64) ])
///
/// Decoding checks its form alone: ``isValid`` verifies. The bytes received are kept and are what is verified.
public struct SignedStatement: Hashable, Sendable {
    /// What the signature is for, its external additional data: a signature for one purpose is none for another.
    public struct Purpose: Hashable, Sendable {
        /// UTF-8.
        let name: [UInt8]

        /// A purpose by its name, for example `rhizome.delta.v1`.
        public init(_ name: String) { self.name = Array(name.utf8) }
    }

    /// How many bytes a signature has.
    public static let signatureCount = SigningKey.signatureCount

    /// Who claims to have signed: the key id of the protected header.
    public let signer: PublicKey
    /// What is signed, as it was received.
    public let payload: [UInt8]
    /// 64 bytes.
    public let signature: [UInt8]
    /// What the signature is for.
    public let purpose: Purpose

    // {1: -8, 4: h'…32 bytes'}: the deterministic encoding leaves no other for the same content.
    private static let protectedPrefix: [UInt8] = [0xa2, 0x01, 0x27, 0x04, 0x58, 0x20]
    private static let tag: UInt64 = 18
    /// Every `Sig_structure` up to the signer: written for each delta, so made once.
    private static let signatureStart: [UInt8] = {
        var writer = CBORWriter()
        writer.array(4)
        writer.text("Signature1")
        // Only the head counts of these bytes, whose last 32 are the signer.
        writer.byteString(protectedPrefix + [UInt8](repeating: 0, count: Bytes32.count))
        return writer.bytes.dropLast(Bytes32.count)
    }()

    /// Reads the next item of `reader`, which must be such a message.
    ///
    /// - Throws: ``CBORError`` where it isn't, or is encoded in another way than ``encoded`` would.
    public init(from reader: inout CBORReader, purpose: Purpose) throws(CBORError) {
        let start = reader.offset
        guard try reader.tag() == Self.tag, try reader.array() == 4 else { throw .unexpected(at: start) }
        let protected = try reader.byteString()
        guard protected.starts(with: Self.protectedPrefix),
            let signer = PublicKey(protected.dropFirst(Self.protectedPrefix.count)),
            try reader.map() == 0
        else { throw .unexpected(at: start) }
        payload = try reader.byteString()
        signature = try reader.byteString()
        guard signature.count == Self.signatureCount else { throw .unexpected(at: start) }
        self.signer = signer
        self.purpose = purpose
    }

    /// Signs a payload.
    package init(signing payload: [UInt8], purpose: Purpose, with key: SigningKey) {
        self.payload = payload
        self.purpose = purpose
        signer = PublicKey(key.publicKey)
        signature = key.sign(Self.signatureInput(purpose: purpose, signer: signer, payload: payload))
    }

    /// `Sig_structure` (RFC 9052, section 4.4): what is signed, and whose hash is the id.
    public var signatureInput: [UInt8] {
        Self.signatureInput(purpose: purpose, signer: signer, payload: payload)
    }

    private static func signatureInput(purpose: Purpose, signer: PublicKey, payload: [UInt8]) -> [UInt8] {
        var writer = CBORWriter(capacity: payload.count + 96)
        writer.raw(signatureStart)
        writer.raw(signer.bytes.array)
        writer.byteString(purpose.name)
        writer.byteString(payload)
        return writer.bytes
    }

    /// The id of the statement: SHA-256 of ``signatureInput``.
    public var id: Bytes32 { SHA256.hash(signatureInput) }

    /// Whether the signature is the signer's, for this purpose and payload.
    ///
    /// - Complexity: 60 µs: not on the socket thread.
    public var isValid: Bool {
        Ed25519.isValid(signature: signature, over: signatureInput, by: signer.bytes)
    }

    /// Id and validity at once: what is signed is put together once for both.
    ///
    /// - Complexity: as ``isValid``.
    package var verified: (id: Bytes32, isValid: Bool) {
        let input = signatureInput
        return (SHA256.hash(input), Ed25519.isValid(signature: signature, over: input, by: signer.bytes))
    }

    /// The only encoding.
    public var encoded: [UInt8] {
        var writer = CBORWriter(capacity: payload.count + 128)
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the encoding.
    public func write(to writer: inout CBORWriter) {
        writer.tag(Self.tag)
        writer.array(4)
        writer.byteString(Self.protectedPrefix + signer.bytes.array)
        writer.map(0)
        writer.byteString(payload)
        writer.byteString(signature)
    }
}
