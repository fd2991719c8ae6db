/// Somebody who can sign statements: an identity.
public protocol StatementSigner: Sendable {
    /// The key by which its signatures are verified.
    var publicKey: PublicKey { get }

    /// Signs a payload for one purpose.
    func sign(_ payload: [UInt8], for purpose: SignedStatement.Purpose) -> SignedStatement
}
