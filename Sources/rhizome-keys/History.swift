import ArgumentParser
import CommandSupport
import RhizomeIdentity
import StrictJSON

struct History: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print every change of the list, verified, oldest first.",
        discussion: """
            In columns: its number, when, what was done, whom it is about, what that changed, and what was noted of why. \
            Each change is signed and names the one before, so nothing in between can be altered, left out or \
            reordered unnoticed. Times in JSON are microseconds since 1970.

            Examples:
              rhizome-keys history
              rhizome-keys history --json
            """
    )

    @Flag(name: .customLong("json"), help: "Print an array of JSON objects.")
    var isJSON = false
    @OptionGroup var home: HomeOption

    func run() throws {
        let statements = try home.openJournal().list.statements
        if isJSON {
            try CommandLineTool.show(JSONValue.array(statements.map { EntryText.json($0) }).description)
        } else {
            for line in TerminalText.aligned(HistoryText.rows(statements)) { try CommandLineTool.show(line) }
        }
    }
}
