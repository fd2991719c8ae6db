package import RhizomeCore
package import RhizomeDatabase
package import SignedLog

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

    /// Empty mailboxes.
    ///
    /// - Parameter owner: whose node it is.
    package init(owner: PublicKey, clock: NodeClock) {
        self.owner = owner
        directory = PeerDirectory(clock: clock)
    }

    /// A peer was let in.
    func admitted(_ peer: PublicKey) { linkChanges.post { _ = $0.admitted.insert(peer) } }

    /// What is to be announced.
    package func appended(_ batch: [StoredDelta]) { announcements.post { $0.add(batch, own: owner) } }

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
