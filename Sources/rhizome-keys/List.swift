import ArgumentParser
import CommandSupport
import RhizomeIdentity
import StrictJSON

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the trusted peers.",
        discussion: """
            --introduced prints others: whom peers introduce (rhizome-node introduce) and who aren't trusted by that, since \
            it waits for you or was turned down, with why. Who is to be trusted is trusted by: rhizome-keys trust DID.

            Times in JSON are microseconds since 1970.

            Examples:
              rhizome-keys list
              rhizome-keys list --all --json
              rhizome-keys list --introduced
              rhizome-keys list --as-of 2026-01-31
            """
    )

    @Flag(name: .customLong("all"), help: "Also those no longer trusted: distrusted, or past their end.")
    var includesAll = false
    @Option(
        help: ArgumentHelp(
            "As the list was then: 2026-01-31T12:00:00Z, 2026-01-31, or 90s, 15m, 2h, 3d ago.",
            valueName: "DATE"
        )
    )
    var asOf: MomentArgument?
    @Flag(name: .customLong("introduced"), help: "Introductions that wait for you or were turned down, and why.")
    var isOfIntroduced = false
    @Flag(name: .customLong("json"), help: "Print an array of JSON objects.")
    var isJSON = false
    @OptionGroup var home: HomeOption

    func validate() throws {
        if isOfIntroduced, includesAll || asOf != nil {
            throw ValidationError("--introduced stands alone: neither --all nor --as-of goes with it.")
        }
    }

    func run() async throws {
        if isOfIntroduced { return try await listIntroduced() }
        let now = asOf?.moment(before: CommandLineTool.now) ?? CommandLineTool.now
        var list = try home.openJournal().list
        if asOf != nil { list = try list.list(asOf: now) }
        var entries = list.entriesByName.filter { includesAll || $0.isTrusted(at: now) }
        if includesAll {
            let distrusted = list.entries.values.filter { $0.action == .distrust }
            entries += distrusted.sorted { $0.identity < $1.identity }
        }
        if isJSON {
            let items = entries.map { EntryText.json($0, lastName: list.lastName(of: $0.identity), now: now) }
            try CommandLineTool.show(JSONValue.array(items).description)
            return
        }
        let rows = entries.map { entry in
            let state = entry.action == .distrust ? "distrusted" : entry.isTrusted(at: now) ? "trusted" : "expired"
            return (includesAll ? [state] : []) + EntryText.row(entry, lastName: list.lastName(of: entry.identity))
        }
        for line in TerminalText.aligned(rows) { try CommandLineTool.show(line) }
        if entries.isEmpty {
            let now = "nobody is trusted yet; trust a peer by: rhizome-keys trust CARD"
            CommandLineTool.note(asOf == nil ? now : "nobody was trusted then")
        }
    }

    private func listIntroduced() async throws {
        let home = try self.home.open()
        let list = try TrustJournal(home: home, owner: try home.keyFile().publicKey).loadTelling().list
        var found: [IntroductionText] = []
        try await WaitingIntroductions(home: home, list: list).forEach { found.append($0) }
        if isJSON { return try CommandLineTool.show(JSONValue.array(found.map(\.json)).description) }
        for line in TerminalText.aligned(found.map(\.row)) { try CommandLineTool.show(line) }
        if found.isEmpty { CommandLineTool.note("no introduction waits for you, and none was turned down") }
    }
}

extension HomeOption {
    /// Loads the journal of the home's identity.
    func openJournal() throws -> TrustJournal.Loaded {
        let home = try open()
        return try TrustJournal(home: home, owner: try home.keyFile().publicKey).loadTelling()
    }
}

extension TrustJournal {
    /// Loads the journal, and says on standard error what is odd about it and yet no reason to stop.
    func loadTelling() throws -> Loaded {
        let loaded = try load()
        if loaded.wasRepaired {
            CommandLineTool.note("note: a torn last write of trust.journal was taken away; it had not been completed")
        }
        if let doubt = doubt(about: loaded.list) {
            CommandLineTool.note("warning: " + TerminalText.escaped("\(doubt)", limitBytes: 2048))
        }
        return loaded
    }
}
