public import Bytes
public import SignedStatements

extension PublicKey {
    /// The identities whose transport key this is: two, since X25519 forgets the sign; none where no identity has it.
    ///
    /// By the birational map y = (u - 1) / (u + 1) (RFC 7748, section 4.1).
    ///
    /// - Complexity: nearly that of two verifications.
    public static func candidates(forTransportKey key: Bytes32) -> [PublicKey] {
        let u = FieldElement(littleEndian: key.array)
        let y = (u - FieldElement(1)) * (u + FieldElement(1)).inverse
        var bytes = y.littleEndian
        var found: [PublicKey] = []
        for sign in [UInt8(0), 0x80] {
            bytes[31] = bytes[31] & 0x7f | sign
            if let candidate = PublicKey(bytes), candidate.isAcceptable, candidate.transportKey == key {
                found.append(candidate)
            }
        }
        return found
    }
}
