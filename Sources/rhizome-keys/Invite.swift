import ArgumentParser
import Bytes
import CommandSupport
import RhizomeIdentity
import StrictJSON

struct Invite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Invite somebody: one line, and both of you trust each other.",
        discussion: """
            Prints a line to send to the one who is meant, by a way that nobody else reads: whoever joins first with it \
            is trusted as NAME. It works once. It isn't kept anywhere, so it can't be shown again; withdraw it and make \
            another one. Your node has to run when the guest joins, and to be reached at the line's address, which is \
            the running node's where none is given.

            With --confirm the guest may nothing until you have compared fingerprints: rhizome-keys confirm NAME.

            --list tells who has taken which invitation. Where a second one came with the same line it is named too: \
            one of the two intercepted the line.

            Examples:
              rhizome-keys invite bob
              rhizome-keys invite bob --address alice.example.org:4000
              rhizome-keys invite carol --may connect --expires 2h --confirm
              rhizome-keys invite --list
              rhizome-keys invite --withdraw bob
            """
    )

    @Argument(help: "What you will call the guest.", transform: PetnameArgument.init(parsing:))
    var name: PetnameArgument?
    @Option(
        help: ArgumentHelp("Where the guest reaches your node.", valueName: "host:port"),
        transform: HostAndPort.init(parsing:)
    )
    var address: HostAndPort?
    @OptionGroup var terms: TermsOptions
    @Option(
        help: ArgumentHelp("How long the line can be used, as 2h or 7d; 30d at most. Default: 7d.", valueName: "time"),
        transform: LifetimeArgument.init(parsing:)
    )
    var expires: LifetimeArgument?
    @Flag(name: .customLong("confirm"), help: "Let the guest do nothing until you have confirmed it.")
    var needsConfirmation = false
    @Flag(name: .customLong("list"), help: "Print open and used invitations.")
    var isListing = false
    @Option(help: ArgumentHelp("Close an open invitation.", valueName: "name"))
    var withdraw: String?
    @Flag(name: .customLong("json"), help: "With --list: print an array of JSON objects.")
    var isJSON = false
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func validate() throws {
        guard [name != nil, isListing, withdraw != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("Give one of NAME, --list and --withdraw NAME.")
        }
    }

    func run() async throws {
        if isListing { return try list() }
        if let withdraw { return try close(withdraw) }
        guard let name else { return }
        try await make(name.name)
    }

    // MARK: - Making one

    private func make(_ name: String) async throws {
        let home = try self.home.open()
        let key = try home.keyFile()
        let journal = TrustJournal(home: home, owner: key.publicKey)
        guard let address = try address?.address ?? NodeFile(of: home)?.request else {
            throw CommandMisuse(
                "no node runs here that the guest could reach; give --address HOST:PORT, or start it: rhizome-node run"
            )
        }
        let code = try InvitationCode.random()
        let change = TrustChange.invite(
            try code.key().publicKey,
            name: name,
            may: terms.may?.permissions ?? TrustChange.defaultPermissions,
            until: terms.until?.time,
            note: terms.note.flatMap { $0.text.isEmpty ? nil : $0.text },
            expires: expires.map { CommandLineTool.now + $0.duration },
            needsConfirmation: needsConfirmation
        )
        // Before anybody is asked for a passphrase.
        try journal.loadTelling().list.check(change, at: CommandLineTool.now)
        let identity = try key.identity { try passphrase.passphrase() }
        let list = try journal.append(signedBy: identity, now: CommandLineTool.now) { _ in [change] }
        if try NodeFile(of: home) != nil { try await waitForNode(journal, list) }
        let line = InvitationLine(host: key.publicKey, address: address, code: code).description
        try CommandLineTool.show(line)
        if let end = list.invitations[change.identity]?.expires {
            CommandLineTool.note(
                "note: send it to \(name) by a way that nobody else reads; it works once, until \(end)"
            )
        }
        await QRCode.show(line)
    }

    /// Waits until the node that runs has taken the invitation up, or doesn't within the 2 s that it has: else a guest who
    /// is quick would be put off for some seconds.
    private func waitForNode(_ journal: TrustJournal, _ list: TrustList) async throws {
        for _ in 0..<100 {
            if try journal.witness() == list.head { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    // MARK: - Closing one

    private func close(_ name: String) throws {
        let home = try self.home.open()
        let key = try home.keyFile()
        let journal = TrustJournal(home: home, owner: key.publicKey)
        _ = try openInvitation(name, in: journal.loadTelling().list)
        let identity = try key.identity { try passphrase.passphrase() }
        try journal.append(signedBy: identity, now: CommandLineTool.now) { list in
            [.distrust(try openInvitation(name, in: list).key, reason: "withdrawn")]
        }
        try CommandLineTool.show("withdrawn: the invitation for \(name)")
    }

    private func openInvitation(_ name: String, in list: TrustList) throws -> Invitation {
        if let open = list.openInvitations(at: CommandLineTool.now).first(where: { $0.name == name }) { return open }
        let name = TerminalText.escaped(name)
        throw CommandFailure(
            list.invitations.values.contains { $0.name == name && $0.guest != nil }
                ? "\(name) has joined already; take trust back by: rhizome-keys distrust \(name)"
                : "no invitation for \(name) is open; see: rhizome-keys invite --list"
        )
    }

    // MARK: - Listing them

    private func list() throws {
        let now = CommandLineTool.now
        let home = try self.home.open()
        let list = try TrustJournal(home: home, owner: try home.keyFile().publicKey).loadTelling().list
        let refused = Dictionary(grouping: try RefusedGuests(home: home).load(), by: \.invitation)
        let shown = list.invitations.values.filter { $0.isOpen(at: now) || $0.guest != nil }
            .sorted { $0.time < $1.time }
        if isJSON {
            let items = shown.map { InvitationText.json($0, refused: refused[$0.key] ?? [], at: now) }
            return try CommandLineTool.show(JSONValue.array(items).description)
        }
        for invitation in shown {
            for line in InvitationText.lines(invitation, refused: refused[invitation.key] ?? []) {
                try CommandLineTool.show(line)
            }
        }
        if shown.isEmpty { CommandLineTool.note("nobody is invited; invite somebody by: rhizome-keys invite NAME") }
    }
}
