package import Bytes
internal import CSodium

/// An Ed25519 key pair whose secret stays in locked memory (RFC 8032; libsodium's `crypto_sign`).
package final class SigningKey: Sendable {
    /// How many bytes a seed has.
    package static let seedCount = Int(crypto_sign_SEEDBYTES)
    /// How many bytes a signature has.
    package static let signatureCount = Int(crypto_sign_BYTES)

    /// The seed, 32 bytes: the secret from which all else follows.
    package let seed: SecretBytes
    /// The public key that the seed gives.
    package let publicKey: Bytes32
    /// libsodium's form of the secret key: seed ‖ public key.
    ///
    /// Never read from a file: a public key that doesn't fit its seed would make signatures that give the secret away.
    private let expanded: SecretBytes

    /// The key pair of a seed of 32 bytes.
    package init(seed: SecretBytes) throws {
        precondition(seed.count == Self.seedCount, "a seed has 32 bytes")
        var publicKey = [UInt8](repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        expanded = try unsafe SecretBytes(count: Int(crypto_sign_SECRETKEYBYTES)) { secret in
            unsafe seed.withPointer { seed in _ = unsafe crypto_sign_seed_keypair(&publicKey, secret, seed) }
        }
        guard let publicKey = Bytes32(publicKey) else { preconditionFailure("a public key has 32 bytes") }
        self.publicKey = publicKey
        self.seed = seed
    }

    /// A key pair of a new random seed.
    package static func generate() throws -> SigningKey {
        try SigningKey(seed: .random(count: seedCount))
    }

    /// The signature over a message: 64 bytes, the same each time.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Self.signatureCount)
        unsafe expanded.withPointer { secret in
            _ = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        }
        return signature
    }

    /// The X25519 form of the secret (`crypto_sign_ed25519_sk_to_curve25519`), 32 bytes: worth as much as the seed.
    package func transportSecret() throws -> SecretBytes {
        try unsafe SecretBytes(count: Int(crypto_box_SECRETKEYBYTES)) { curve in
            unsafe expanded.withPointer { secret in
                _ = unsafe crypto_sign_ed25519_sk_to_curve25519(curve, secret)
            }
        }
    }
}
