import ArgumentParser
import CommandSupport

/// `rhizome-keys`: an identity and its trusted peers (spec: cli.md).
@main
struct RhizomeKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rhizome-keys",
        abstract: "Make an identity, and say whom it trusts.",
        discussion: """
            Two people who want their nodes to share data each make an identity. One invites the other, whose node \
            need not be reached, and sends the line; the other joins with it:

              rhizome-keys generate --name alice
              rhizome-keys invite bob --address alice.example.org:4000
              rhizome-keys join 'rhizome-invite://z6Mk…@alice.example.org:4000?code=…'

            Or each sends the other a card, at any time, and trusts the card that came:

              rhizome-keys show --format card --address alice.example.org:4000
              rhizome-keys trust 'rhizome://z6Mk…@bob.example.org:4000?name=bob'

            Everything is kept in the home folder (--home, else $RHIZOME_HOME, else ~/.rhizome). The list of trusted \
            peers is a signed journal; a running node takes up changes within two seconds.
            """,
        version: CommandLineTool.version,
        subcommands: [
            Generate.self, Show.self, Invite.self, Join.self, Confirm.self, Trust.self, Distrust.self, List.self,
            History.self, Verify.self,
        ]
    )

    static func main() async { await CommandLineTool.main(Self.self) }
}
