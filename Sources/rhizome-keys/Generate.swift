import ArgumentParser
import CommandSupport
import HomeFiles
import RhizomeIdentity
import Sodium
import StrictJSON

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the identity of the home folder.",
        discussion: """
            The secret key goes to identity.key in the home folder, sealed by a passphrase unless you say otherwise; \
            the public side is printed. An identity that exists is never overwritten: with --force its key, its \
            trusted peers and what the node has seen of them are renamed after its fingerprint, and stay there.

            Examples:
              rhizome-keys generate --name alice
              rhizome-keys generate --name node7 --passphrase-file /run/secrets/rhizome
              rhizome-keys generate --no-passphrase --home /srv/rhizome
            """
    )

    @Option(
        help: ArgumentHelp("What the identity calls itself, on cards and in logs.", valueName: "name"),
        transform: PetnameArgument.init(parsing:)
    )
    var name: PetnameArgument?
    @OptionGroup var passphrase: PassphraseOption
    @Flag(name: .customLong("no-passphrase"), help: "Leave the key unsealed: whoever reads the file has it.")
    var isUnsealed = false
    @Flag(name: .customLong("force"), help: "Put an identity that exists aside, and make another one.")
    var isForced = false
    @Flag(name: .customLong("json"), help: "Print the public side as JSON.")
    var isJSON = false
    @OptionGroup var home: HomeOption

    func validate() throws {
        if isUnsealed && passphrase.isGiven {
            throw ValidationError("Give either --passphrase-file or --no-passphrase.")
        }
    }

    func run() throws {
        let path = try self.home.path()
        try checkFree(path)
        // All that can fail comes before a folder is made for nothing.
        guard try isUnsealed || passphrase.isAvailable else {
            throw CommandMisuse(
                "there is no terminal to ask for a passphrase at; give --passphrase-file FILE, or --no-passphrase"
            )
        }
        let passphrase = try isUnsealed ? nil : passphrase.newPassphrase()
        let home = try Home.create(path)
        let identity = try Identity.generate()
        if isForced && !home.leftovers.isEmpty {
            let kept = try home.replaceIdentity(with: identity, passphrase: passphrase)
            for file in kept { CommandLineTool.note("kept: \(home.path)/\(file)") }
        } else {
            try home.store(identity, passphrase: passphrase)
        }
        if let name { try home.setName(name.name) }
        let side = PublicSide(key: identity.publicKey, name: try home.name(), address: nil, isSealed: passphrase != nil)
        try CommandLineTool.show(isJSON ? side.json.description : side.text)
        if !isJSON { PublicSide.noteMissingAddress() }
    }

    /// Refuses a home that holds another identity before anybody is asked for a passphrase.
    private func checkFree(_ path: String) throws {
        let home: Home
        do {
            home = try Home.open(path)
        } catch let error as IdentityError where error.code == .noIdentity {
            return
        } catch let error as FileError where error.code == .tooOpen {
            // An empty folder is taken over; making the home tells.
            return
        }
        if isForced { return }
        if home.hasKey { throw home.identityExists }
        if let leftover = home.leftovers.first {
            throw CommandFailure(
                "\(path)/\(leftover) of another identity is in the way; put it aside by: generate --force"
            )
        }
    }
}
