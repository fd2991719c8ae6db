import ArgumentParser
import CommandSupport
import RhizomeIdentity
import StrictJSON

struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the trusted peers.",
        discussion: """
            Times in JSON are microseconds since 1970.

            Examples:
              rhizome-keys list
              rhizome-keys list --all --json
            """
    )

    @Flag(name: .customLong("all"), help: "Also those no longer trusted: distrusted, or past their end.")
    var includesAll = false
    @Flag(name: .customLong("json"), help: "Print an array of JSON objects.")
    var isJSON = false
    @OptionGroup var home: HomeOption

    func run() throws {
        let now = CommandLineTool.now
        let list = try home.openJournal().list
        var entries = list.entriesByName.filter { includesAll || $0.isTrusted(at: now) }
        if includesAll {
            let distrusted = list.entries.values.filter { $0.action == .distrust }
            entries += distrusted.sorted { $0.identity < $1.identity }
        }
        if isJSON {
            try CommandLineTool.show(JSONValue.array(entries.map { EntryText.json($0, now: now) }).description)
            return
        }
        for entry in entries {
            let state = entry.action == .distrust ? "distrusted  " : entry.isTrusted(at: now) ? "" : "expired  "
            try CommandLineTool.show(state + EntryText.line(entry))
        }
        if entries.isEmpty {
            CommandLineTool.note("nobody is trusted yet; trust a peer by: rhizome-keys trust CARD")
        }
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
