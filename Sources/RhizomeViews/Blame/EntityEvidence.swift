public import RhizomeCore
public import SignedStatements

/// The deltas by which somebody else comes to the same values, whatever they hold besides (spec: proof.md, "Evidence 1").
public struct EntityEvidence: Sendable {
    /// Who said what the entity is.
    public let blame: EntityBlame
    /// What the blame tells of, the rest of its transactions, what could negate it, and what that negates: each once, the
    /// first accepted first.
    public let deltas: [DeltaID]
    /// Authors who say something of the entity, and don't count since their logs fork.
    public let forked: [PublicKey]
}
