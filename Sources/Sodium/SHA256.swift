package import Bytes
internal import CSodium

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// The hash of the bytes.
    package static func hash(_ bytes: [UInt8]) -> Bytes32 {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        _ = unsafe crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        guard let hash = Bytes32(digest) else { preconditionFailure("a SHA-256 hash has 32 bytes") }
        return hash
    }
}
