package import SignedStatements
package import Sodium

/// A bare key pair, without an identity's files around it.
package struct KeySigner: StatementSigner {
    package let key: SigningKey

    package init(_ key: SigningKey) { self.key = key }

    package var publicKey: PublicKey { PublicKey(key.publicKey) }

    package func sign(_ payload: [UInt8], for purpose: SignedStatement.Purpose) -> SignedStatement {
        SignedStatement(signing: payload, purpose: purpose, with: key)
    }
}
