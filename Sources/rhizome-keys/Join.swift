import ArgumentParser
import CommandSupport
import HomeFiles
import RhizomeIdentity
import RhizomePeering

struct Join: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take an invitation: both of you trust each other then.",
        discussion: """
            Goes to the host's node with the line that you were sent, for 15 seconds at most, and has both sides trust \
            each other. Your own node need not run; if it does, it goes on with it within 2 seconds. Should anything \
            come between, do it again with the same line: nothing is done twice.

            The line is a secret until it is used. '-' reads it from standard input, so that it doesn't stay in the \
            shell's history.

            Examples:
              rhizome-keys join 'rhizome-invite://z6Mk…@alice.example:4000?code=…'
              rhizome-keys join - --name alice < line.txt
            """
    )

    @Argument(help: "The line that you were sent, or '-'.")
    var line: String
    @Option(
        help: ArgumentHelp("What you call the host (default: as it calls itself).", valueName: "name"),
        transform: PetnameArgument.init(parsing:)
    )
    var name: PetnameArgument?
    @Option(
        name: .customLong("address"),
        help: ArgumentHelp(
            "Where the host reaches your node; may be repeated (default: as the node that runs here says).",
            valueName: "host:port"
        ),
        transform: HostAndPort.init(parsing:)
    )
    var addresses: [HostAndPort] = []
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func validate() throws {
        if addresses.count > JoinStatement.mostAddresses {
            throw ValidationError("--address can be given \(JoinStatement.mostAddresses) times at most.")
        }
    }

    func run() async throws {
        guard try line != "-" || !passphrase.isStandardInput else {
            throw CommandMisuse(
                "standard input can't hold both the line and the passphrase; give one of them otherwise"
            )
        }
        let line = try InvitationLine(parsing: self.line == "-" ? standardInput() : self.line)
        let home = try self.home.open()
        let key = try home.keyFile()
        let journal = TrustJournal(home: home, owner: key.publicKey)
        // All that can be known before goes before: the host can't take back what it has stated.
        try check(line, by: journal.loadTelling().list)
        let own =
            addresses.isEmpty ? [try NodeFile(of: home)?.request].compactMap { $0 } : addresses.map(\.address)
        let identity = try key.identity { try passphrase.passphrase(whileInputIsData: self.line == "-") }
        let reply = try await ask(line, identity, named: home.name(), at: own)
        let list = try journal.append(signedBy: identity, now: CommandLineTool.now) { list in
            [try list.change(for: reply, by: line, name: name?.name, at: CommandLineTool.now)].compactMap { $0 }
        }
        guard let entry = list.entries[line.host] else { return }
        try CommandLineTool.show("joined " + EntryText.line(entry))
    }

    private func standardInput() throws -> String {
        let bytes = try OutsideFile.standardInput(limit: 4_096)
        let line = bytes.reversed().drop { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d }.reversed()
        guard let text = String(validating: Array(line), as: UTF8.self) else {
            throw CommandFailure("standard input is not UTF-8; give the line as it was sent", .malformed)
        }
        return text
    }

    private func check(_ line: InvitationLine, by list: TrustList) throws {
        if list.entries[line.host]?.action == .distrust {
            throw CommandFailure(
                "you took trust in \(list.lastName(of: line.host) ?? line.host.did) back; to trust again, first: "
                    + "rhizome-keys trust \(line.host.did)"
            )
        }
        let name = name?.name ?? list.freeName(like: line.host.short, of: line.host, at: CommandLineTool.now)
        try list.check(.trust(line.host, name: name), at: CommandLineTool.now)
    }

    private func ask(
        _ line: InvitationLine,
        _ identity: Identity,
        named name: String?,
        at addresses: [PeerAddress]
    ) async throws -> JoinStatement {
        do {
            return try await JoinClient.join(line, as: identity, name: name, addresses: addresses)
        } catch let error as PeerError {
            switch error.code {
            case .refused where error.message == JoinRefusal.taken.rawValue:
                throw CommandFailure(
                    "somebody else has taken this invitation; if that wasn't you, tell the host by another way: one of "
                        + "you intercepted the line (rhizome-keys invite --list shows both keys there)",
                    .notAllowed
                )
            case .refused where error.message == JoinRefusal.known.rawValue:
                throw CommandFailure("the host has you in its list already, or took trust back; ask there", .notAllowed)
            case .refused:
                throw CommandFailure(
                    "the host doesn't take this invitation any more (\(TerminalText.escaped(error.message))); ask for a "
                        + "new line",
                    .notAllowed
                )
            case .disconnected:
                throw CommandFailure(
                    "the node at \(line.address) doesn't let this invitation in; was it made for another identity's "
                        + "node? Ask for a new line",
                    .unavailable
                )
            case .busy, .internal:
                throw CommandFailure("the host can't answer now; try again with the same line", .tryAgain)
            case .timeout:
                throw CommandFailure(
                    "nobody answers at \(line.address); is the host's node running, and can it be reached from here? "
                        + "Try again with the same line",
                    .unavailable
                )
            case .malformed, .unknownMethod, .hello, .limit, .badReply:
                throw CommandFailure("the host's node doesn't join by invitations as this one does: \(error)")
            }
        }
    }
}
