internal import RhizomeIdentity
internal import Sodium

extension HTTPToken {
    /// Whether the value of an `Authorization` field is `Bearer` with this token (RFC 6750, section 2.1).
    ///
    /// Takes the same time wherever they differ.
    func matches(authorization: String) -> Bool {
        let scheme = "bearer "
        let bytes = Array(authorization.utf8)
        guard bytes.count > scheme.utf8.count,
            zip(bytes, scheme.utf8).allSatisfy({ $0 == $1 || ($0 | 0x20 == $1 && $1 != UInt8(ascii: " ")) })
        else { return false }
        let presented = bytes[scheme.utf8.count...].drop { $0 == UInt8(ascii: " ") }
        guard presented.count == secret.count,
            let other = try? SecretBytes(
                count: presented.count,
                filledBy: { (span: inout MutableRawSpan) in
                    for (offset, byte) in presented.enumerated() {
                        span.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
                    }
                }
            )
        else { return false }
        return secret.isEqual(to: other)
    }
}
