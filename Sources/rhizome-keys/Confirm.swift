import ArgumentParser
import CommandSupport
import HomeFiles
import RhizomeIdentity
import SignedStatements
import Sodium

struct Confirm: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a guest do what its invitation said.",
        discussion: """
            For guests of invitations that were made with --confirm. Both fingerprints are shown first, yours and the \
            guest's: compare them by another way than the one on which you sent the line, on the phone for example.

            Examples:
              rhizome-keys confirm bob
            """
    )

    @Argument(help: "What you call the guest.")
    var name: String
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func run() throws {
        let home = try self.home.open()
        let key = try home.keyFile()
        let journal = TrustJournal(home: home, owner: key.publicKey)
        let list = try journal.loadTelling().list
        let guest = try list.find(name).identity
        _ = try list.confirmation(of: guest)
        CommandLineTool.note("yours      \(key.publicKey.fingerprint)")
        CommandLineTool.note("the guest  \(guest.fingerprint)  \(guest.did)")
        if Terminal.canAsk() { try ask() }
        let identity = try key.identity { try passphrase.passphrase() }
        let changed = try journal.append(signedBy: identity, now: CommandLineTool.now) { list in
            [try list.confirmation(of: guest)]
        }
        guard let entry = changed.entries[guest] else { return }
        try CommandLineTool.show("confirmed " + EntryText.line(entry))
    }

    private func ask() throws {
        var count = 0
        let answer = try SecretBytes(count: 16) { span in
            count = try Terminal.ask("Do both of you see the same two? [y/N] ", echo: true, into: &span)
        }
        guard ["y", "yes"].contains(String(decoding: answer.revealing(0..<count), as: UTF8.self).lowercased()) else {
            throw CommandFailure("not confirmed; nothing was changed")
        }
    }
}
