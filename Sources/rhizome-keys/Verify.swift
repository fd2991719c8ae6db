import ArgumentParser
import CommandSupport
import RhizomeIdentity

struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the key file, permissions and the journal.",
        discussion: """
            Prints what is in order and each finding, and exits 1 where there is one. A sealed key is opened only if \
            its passphrase comes from a file.

            Examples:
              rhizome-keys verify
              rhizome-keys verify --passphrase-file /run/secrets/rhizome
            """
    )

    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func run() throws {
        let path = try home.path()
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
}
