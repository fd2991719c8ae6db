internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

extension Database {
    /// The petname of a trusted identity.
    @Sendable func petname(of identity: PublicKey) -> String? { trust.entries[identity]?.name }

    /// The identity that a person means by a petname, or by the beginning of a did.
    func identity(called name: String) -> PublicKey? { try? trust.find(name).identity }
}
