import ArgumentParser
import Bytes
import CommandSupport
import HomeFiles
import RhizomeIdentity
import Sodium

struct Trust: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trust a peer, or change what is said of one.",
        discussion: """
            PEER is a did (did:key: may be left out), a card, an SSH line, a file with one of them (a .pub file of \
            ssh-keygen -t ed25519, for example), or '-': one per line from standard input, all or none. Of a peer that \
            is in the list its petname or the beginning of its did will do.

            What the options don't mention stays as it was, after a distrust as it was before, but for an end that \
            has passed; the whole entry is printed. A petname is yours alone: of a new peer the card's or the SSH \
            line's is taken without --name, if it can be one.

            DATE is a date as 2027-12-31 (its first moment in UTC), a date-time as 2027-12-31T12:00:00+01:00, or never.

            Examples:
              rhizome-keys trust 'rhizome://z6Mk…@bob.example.org:4000?name=bob'
              rhizome-keys trust ~/carol.pub --name carol --address carol.example:4000
              rhizome-keys trust bob --may connect --until 2027-12-31 --note guest
              rhizome-keys trust - < cards.txt
            """
    )

    @Argument(help: "Whom to trust.")
    var peer: String
    @Option(
        help: ArgumentHelp("What you call the peer.", valueName: "name"),
        transform: PetnameArgument.init(parsing:)
    )
    var name: PetnameArgument?
    @Option(
        name: .customLong("address"),
        help: ArgumentHelp(
            "Where the peer listens for requests; may be repeated, tried one at a time; 'none' takes all away.",
            valueName: "host:port"
        ),
        transform: AddressArgument.init(parsing:)
    )
    var addresses: [AddressArgument] = []
    @OptionGroup var terms: TermsOptions
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    private var isBatch: Bool { peer == "-" }

    private var amendment: TrustAmendment {
        var amendment = TrustAmendment()
        amendment.name = name?.name
        if !addresses.isEmpty {
            amendment.addresses = addresses.compactMap { if case .address(let address) = $0 { address } else { nil } }
        }
        amendment.may = terms.may?.permissions
        if let until = terms.until { amendment.until = .some(until.time) }
        amendment.note = terms.note?.text
        return amendment
    }

    func validate() throws {
        if isBatch && name != nil {
            throw ValidationError("--name fits one peer only; with '-' the cards' names are taken.")
        }
        let none = addresses.filter { if case .none = $0 { true } else { false } }
        if !none.isEmpty && addresses.count > 1 { throw ValidationError("--address none stands alone.") }
    }

    func run() throws {
        guard try !isBatch || !passphrase.isStandardInput else {
            throw CommandMisuse(
                "standard input can't hold both the peers and the passphrase; give one of them as a file"
            )
        }
        let home = try self.home.open()
        let key = try home.keyFile()
        let journal = TrustJournal(home: home, owner: key.publicKey)
        let list = try journal.loadTelling().list
        let peers = try isBatch ? PeerInput.standardInput() : [PeerInput.read(peer, list)]
        let amendments = try peers.map { try (peer: $0, amendment: named($0, in: list)) }
        let ends = amendments.compactMap { peer, amendment in
            amendment.change(for: peer.text, in: list, at: CommandLineTool.now).until
        }
        for end in Set(ends).sorted() where end < CommandLineTool.now {
            CommandLineTool.note("note: \(end) is past, so the entry is as if distrusted; see --until")
        }
        let identity = try key.identity { try passphrase.passphrase(whileInputIsData: isBatch) }
        let changed = try journal.append(signedBy: identity, now: CommandLineTool.now) { list in
            var list = list
            return try amendments.map { entry in
                let change = entry.amendment.change(for: entry.peer.text, in: list, at: CommandLineTool.now)
                // So that two lines of one batch can't take the same petname: what follows sees what came before.
                try entry.peer.located { try list.apply(change, signedBy: identity, now: CommandLineTool.now) }
                return change
            }
        }
        for peer in peers {
            guard let entry = changed.entries[peer.text.identity] else { continue }
            try CommandLineTool.show("trusted " + EntryText.line(entry))
        }
    }

    /// What is wanted for a peer, with a petname: asked for where nothing gives one.
    private func named(_ peer: PeerInput, in list: TrustList) throws -> TrustAmendment {
        var amendment = self.amendment
        guard amendment.change(for: peer.text, in: list, at: CommandLineTool.now).name == nil else { return amendment }
        guard !isBatch, Terminal.canAsk() else {
            if isBatch {
                throw CommandFailure(
                    "\(peer.place ?? "a line") gives no petname; write the peer as a card with ?name=…",
                    .malformed
                )
            }
            throw CommandMisuse("there is no petname for \(peer.text.identity.did); give --name NAME")
        }
        var count = 0
        let answer = try SecretBytes(count: 256) { span in
            count = try Terminal.ask("Petname for \(peer.text.identity.short)…: ", echo: true, into: &span)
        }
        let name = String(decoding: answer.revealing(0..<count), as: UTF8.self)
        guard PeerName.isValid(name) else {
            throw CommandFailure(
                "a petname has \(PetnameArgument.form); try again",
                .malformed
            )
        }
        amendment.name = name
        return amendment
    }
}
