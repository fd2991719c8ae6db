package import RhizomeIdentity

/// States in the trusted-peer journal what others bring about, in its owner's name: that a guest has joined, that
/// somebody was introduced (spec: meeting.md).
package struct TrustWriter: Sendable {
    private let owner: Identity
    private let journal: TrustJournal
    private let trust: TrustInForce
    private let clock: NodeClock

    /// How long another writer of the journal is waited for: less than a guest waits for its answer.
    private static let patience = Duration.seconds(5)

    /// - Parameter trust: takes up at once what is stated.
    package init(owner: Identity, journal: TrustJournal, trust: TrustInForce, clock: NodeClock) {
        self.owner = owner
        self.journal = journal
        self.trust = trust
        self.clock = clock
    }

    /// Adds statements: all or none, durably; blocks until then, so that it is no work for Swift's pool.
    ///
    /// - Parameter changes: what to state, given the list as it is under the lock.
    /// - Returns: the list that is in force then.
    /// - Throws: as ``TrustJournal/append(signedBy:now:patience:_:)``; what the witness has against the journal: one that
    ///   was cut lets nobody in.
    @discardableResult
    package func append(_ changes: (TrustList) throws -> [TrustChange]) throws -> TrustList {
        let list = try journal.append(signedBy: owner, now: clock.now, patience: Self.patience) { list in
            if let doubt = journal.doubt(about: list) { throw doubt }
            return try changes(list)
        }
        trust.update(list)
        return list
    }
}
