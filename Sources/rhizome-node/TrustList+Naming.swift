import RhizomeIdentity
import SignedStatements

extension TrustList {
    /// Whoever a person means by a petname, a did or a prefix of one that the list knows, by another's whole did, or by
    /// `me`.
    ///
    /// - Throws: ``IdentityError`` where that is nobody.
    func author(named text: String) throws -> PublicKey {
        if text == "me" || text == owner.did { return owner }
        do {
            return try find(text).identity
        } catch {
            guard let peer = try? PeerText(parsing: text) else { throw error }
            return peer.identity
        }
    }
}
