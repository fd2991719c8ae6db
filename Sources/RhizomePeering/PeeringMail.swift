package import RhizomeCore
package import RhizomeDatabase
package import SignedStatements

/// What is posted for peers' sake from elsewhere, and read by those who serve them: it is there before both, and takes
/// what comes at any time, without waiting.
package struct PeeringMail: DatabaseObserver {
    /// What is to be done about links; posted from anywhere, done by one task.
    struct LinkChanges: Sendable {
        var admitted: Set<PublicKey> = []
        var penalised: Set<PublicKey> = []
        var restated: Set<PublicKey> = []
    }

    private let owner: PublicKey
    let directory: PeerDirectory
    let announcements = Mailbox(Announcer.News())
    let linkChanges = Mailbox(LinkChanges())
    /// Posted to when there may be something to be told of who connects or is refused.
    let connectionNews = Mailbox(())
    /// Posted to when there may be a peer to be searched for, or something to be kept about where peers are.
    let addressNews = Mailbox(())
    /// Authors whose logs may have forked.
    let branched = Mailbox<Set<PublicKey>>([])

    /// Empty mailboxes.
    ///
    /// - Parameter owner: whose node it is.
    package init(owner: PublicKey, clock: NodeClock) {
        self.owner = owner
        directory = PeerDirectory(own: owner, clock: clock)
    }

    /// A peer was let in.
    func admitted(_ peer: PublicKey) { linkChanges.post { _ = $0.admitted.insert(peer) } }

    /// What is to be announced, pushed, and looked at for forks: nobody is woken whom it doesn't concern.
    package func appended(_ batch: [StoredDelta]) {
        let consequences = directory.appended(batch)
        let told = batch.filter { consequences.told.contains($0.delta.author) }
        if !told.isEmpty { announcements.post { $0.add(told, own: owner) } }
        if !consequences.pushing.isEmpty {
            let grown = Set(batch.map(\.delta.author))
            for session in consequences.pushing { session.post { $0.add(grown: grown) } }
        }
        if !consequences.branched.isEmpty { branched.post { $0.formUnion(consequences.branched) } }
    }

    /// What is to be pulled from the peer.
    package func missing(_ ids: [DeltaID], of author: PublicKey, from peer: PublicKey) {
        directory.session(of: peer)?.post { $0.add(missing: ids, of: author) }
    }

    /// Who is to be turned away.
    package func penalised(_ peer: PublicKey) { linkChanges.post { _ = $0.penalised.insert(peer) } }

    /// All heads are to be compared again.
    package func authorsChanged() {
        for (_, session) in directory.sessions { session.post { $0.comparesAll = true } }
    }
}
