import ArgumentParser
import CommandSupport
import RhizomeIdentity
import StrictJSON

struct Show: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case did, ssh, card, z85, fingerprint
    }

    static let configuration = CommandConfiguration(
        abstract: "Print the public side of the identity.",
        discussion: """
            Nothing here is secret, and no passphrase is needed. Send the card to whoever shall trust you, and compare \
            fingerprints by another way, on the phone for example.

            Examples:
              rhizome-keys show
              rhizome-keys show --format card --address alice.example.org:4000
              rhizome-keys show --format ssh >> ~/.ssh/allowed_signers
            """
    )

    @Option(help: "Print one form alone.")
    var format: Format?
    @Option(
        help: ArgumentHelp("Where your node listens for requests, for the card.", valueName: "host:port"),
        transform: HostAndPort.init(parsing:)
    )
    var address: HostAndPort?
    @Flag(name: .customLong("json"), help: "Print all forms as JSON.")
    var isJSON = false
    @OptionGroup var home: HomeOption

    func validate() throws {
        if format != nil && isJSON { throw ValidationError("Give either --format or --json.") }
    }

    func run() throws {
        let home = try self.home.open()
        let key = try home.keyFile()
        let side = PublicSide(
            key: key.publicKey,
            name: try home.name(),
            address: address?.address,
            isSealed: key.isSealed
        )
        switch format {
        case nil:
            try CommandLineTool.show(isJSON ? side.json.description : side.text)
            if !isJSON, address == nil { PublicSide.noteMissingAddress() }
        case .did: try CommandLineTool.show(side.key.did)
        case .ssh: try CommandLineTool.show(side.key.sshLine(name: side.name))
        case .card: try CommandLineTool.show(side.card)
        case .z85: try CommandLineTool.show(side.transportKey)
        case .fingerprint: try CommandLineTool.show(side.key.fingerprint)
        }
    }
}
