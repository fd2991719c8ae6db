import Bytes
internal import SignedStatements
import Sodium

/// Key pairs for tests, the same in each run.
package enum TestAuthors {
    /// The key pair of a seed of 32 bytes.
    package static func signer(seed: [UInt8]) throws -> KeySigner {
        let secret = try SecretBytes(count: SigningKey.seedCount) { (span: inout MutableRawSpan) in
            for (offset, byte) in seed.enumerated() { span.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self) }
        }
        return KeySigner(try SigningKey(seed: secret))
    }

    /// The key pair that a label names: its seed is the label's SHA-256.
    package static func signer(_ label: String) throws -> KeySigner {
        try signer(seed: SHA256.hash(Array(label.utf8)).array)
    }
}
