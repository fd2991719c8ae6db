import ArgumentParser
import CommandSupport
import RhizomeIdentity

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the key file, permissions and the journal.",
        discussion: """
            Prints what is in order and each finding, and exits 1 where there is one. A sealed key is opened only if \
            its passphrase comes from a file.

            A node keeps on record, in data/trust.seen, the last statement of the journal that it applied. It doesn't \
            start where the journal lacks that statement or, though the store holds deltas, there is no such record: \
            somebody may have cut off the end of the journal, and a distrust with it. Restore both files from a \
            backup. Else look through rhizome-keys history. If nothing that you stated is missing there, --accept takes \
            the journal as it is and makes the record anew; if something is missing, accept and state it again.

            Examples:
              rhizome-keys verify
              rhizome-keys history && rhizome-keys verify --accept
              rhizome-keys verify --passphrase-file /run/secrets/rhizome
            """
    )

    @Flag(
        name: .customLong("accept"),
        help: "First take the journal as it is, and make the record of its last statement anew."
    )
    var isAccepting = false
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func run() throws {
        let path = try home.path()
        if isAccepting { try accept() }
        let inspection = HomeInspection(of: path) {
            try passphrase.hasFile ? passphrase.passphrase() : nil
        }
        for fact in inspection.facts { try CommandLineTool.show("ok: \(TerminalText.escaped(fact))") }
        for finding in inspection.findings {
            try CommandLineTool.show("finding: \(TerminalText.escaped(finding, limitBytes: 2048))")
        }
        guard inspection.findings.isEmpty else {
            let count = inspection.findings.count
            throw CommandFailure(
                "\(count == 1 ? "1 finding" : "\(count) findings") in \(path): \(inspection.findings[0])"
            )
        }
    }

    private func accept() throws {
        let home = try self.home.open()
        let journal = TrustJournal(home: home, owner: try home.keyFile().publicKey)
        let list = try journal.load().list
        try journal.recordSeen(list)
        let last = HistoryText.rows(list.statements).last?.joined(separator: "  ") ?? "none"
        try CommandLineTool.show("ok: the journal is accepted as it is; its last statement: \(last)")
    }
}
