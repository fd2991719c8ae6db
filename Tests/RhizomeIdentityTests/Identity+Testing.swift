import Bytes
import RhizomeIdentity
import RhizomeTesting
import Sodium

extension Identity {
    /// The identity of a seed that is no secret.
    convenience init?(hexSeed: String) throws {
        guard let bytes = Hex.decode(hexSeed), bytes.count == 32 else { return nil }
        try self.init(seed: try SecretBytes(joining: [.open(bytes)]))
    }

    /// An identity that the same randomness gives again.
    static func seeded(_ random: inout SeededGenerator) throws -> Identity {
        try Identity(seed: try SecretBytes(joining: [.open(random.bytes(32))]))
    }
}

extension TrustList {
    /// The list of an owner who has made these statements, one after the other at the same moment.
    init(_ changes: [TrustChange], signedBy owner: Identity, now: Timestamp) throws {
        self.init(owner: owner.publicKey)
        for change in changes { try apply(change, signedBy: owner, now: now) }
    }
}
