import ArgumentParser
import CommandSupport
import RhizomeIdentity
import SignedStatements

struct Distrust: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take trust in a peer back.",
        discussion: """
            From now on nothing more is accepted of it, however early it is dated, and it can't connect any more. What \
            your node holds of it stays in views (--keep all), leaves them (--keep none), or stays up to deltas that \
            you name: these and all before them.

            Examples:
              rhizome-keys distrust bob --reason 'lost laptop'
              rhizome-keys distrust z6MkehRgf7yJ --keep none
              rhizome-keys distrust 'rhizome://z6Mk…@bob.example.org:4000?name=bob'
            """
    )

    @Argument(help: "A petname, a did or its first 8 or more characters after did:key:, a card or an SSH line.")
    var peer: String
    @Option(
        help: ArgumentHelp(
            "What of the peer's deltas stays in views: all, none, or ids separated by commas (at most 64). Default: all.",
            valueName: "all|none|id,…"
        ),
        transform: KeepArgument.init(parsing:)
    )
    var keep: KeepArgument?
    @Option(
        help: ArgumentHelp("Why, for yourself.", valueName: "text"),
        transform: NoteArgument.init(parsing:)
    )
    var reason: NoteArgument?
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func run() throws {
        let home = try self.home.open()
        let key = try home.keyFile()
        let journal = TrustJournal(home: home, owner: key.publicKey)
        // Before anybody is asked for a passphrase.
        _ = try subject(in: journal.loadTelling().list)
        let identity = try key.identity { try passphrase.passphrase() }
        var subject: PublicKey?
        let list = try journal.append(signedBy: identity, now: CommandLineTool.now) { list in
            let peer = try self.subject(in: list)
            subject = peer
            return [TrustAmendment.distrust(peer, keep: keep?.keep, reason: reason?.text, in: list)]
        }
        guard let entry = subject.flatMap({ list.entries[$0] }) else { return }
        let name = list.lastName(of: entry.identity)
        try CommandLineTool.show("distrusted " + EntryText.line(entry, lastName: name))
    }

    /// Whom it is about: a whole did, card or SSH line need not be in the list.
    private func subject(in list: TrustList) throws -> PublicKey {
        do throws(IdentityError) {
            return try PeerText(parsing: peer).identity
        } catch {
            // A card or line with a mistake in it: its own message says more.
            guard error.code == .malformedPeer, !peer.contains("://"), !peer.contains(" ") else { throw error }
        }
        return try list.find(peer).identity
    }
}
