package import RhizomeCore
package import SignedStatements

/// Who is told what happens in a ``Database``, from any thread; must not wait.
package protocol DatabaseObserver: Sendable {
    /// A batch was appended and is durable; told in the order of positions.
    func appended(_ batch: [StoredDelta])
    /// Deltas that a peer brought wait for these of an author's log.
    func missing(_ ids: [DeltaID], of author: PublicKey, from peer: PublicKey)
    /// A peer has used up its credit and is turned away for some time.
    func penalised(_ peer: PublicKey)
    /// Deltas of authors are taken now that were not before, or the other way round; what waited has been taken up.
    func authorsChanged()
}
