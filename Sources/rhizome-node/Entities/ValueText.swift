import Bytes
import CommandSupport
import HomeFiles
import StrictJSON

/// Values as people see them.
enum ValueText {
    /// Bytes of a value in a column.
    private static let columnBytes = 60

    /// A value in a column: JSON, cut where it is long.
    static func column(_ value: JSONValue) -> String {
        TerminalText.escaped(value.description, limitBytes: columnBytes)
    }

    /// A value as the one result of a command: a text without quotes, anything else as JSON.
    ///
    /// Whole and unaltered for whatever reads it, and harmless where that is a terminal.
    static func bare(_ value: JSONValue) -> String {
        let text = value.text?.string ?? value.description
        return Terminal.isOutput ? TerminalText.escaped(text, limitBytes: .max) : text
    }
}
