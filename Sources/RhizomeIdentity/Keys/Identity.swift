public import SignedStatements
package import Sodium

/// A key pair of one's own: signs, and gives the transport secret to CurveZMQ (spec: identity.md, "Keys").
///
/// The secret stays in locked memory and is wiped with the last reference.
public final class Identity: StatementSigner {
    /// Who this is.
    public let publicKey: PublicKey
    private let key: SigningKey

    package init(_ key: SigningKey) {
        self.key = key
        publicKey = PublicKey(key.publicKey)
    }

    /// The identity of a seed of 32 bytes.
    package convenience init(seed: SecretBytes) throws {
        self.init(try SigningKey(seed: seed))
    }

    /// A new identity, kept nowhere yet.
    public static func generate() throws -> Identity { Identity(try SigningKey.generate()) }

    /// The seed, for the key file alone, and for the test that looks for it in memory.
    package var seed: SecretBytes { key.seed }

    /// Signs a payload for a purpose.
    ///
    /// - Complexity: 25 µs.
    public func sign(_ payload: [UInt8], for purpose: SignedStatement.Purpose) -> SignedStatement {
        SignedStatement(signing: payload, purpose: purpose, with: key)
    }

    /// The X25519 secret, 32 bytes, worth as much as the seed: for libzmq, which keeps a copy of its own.
    package func transportSecret() throws -> SecretBytes { try key.transportSecret() }
}
