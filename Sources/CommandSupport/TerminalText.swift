internal import Bytes
internal import HomeFiles

/// Text from elsewhere, made harmless for a terminal or a log.
package enum TerminalText {
    /// The text without anything that moves a cursor, changes a direction, hides, or starts a new line.
    ///
    /// Such scalars become `\u{…}`, backslashes double. Longer texts are cut, by default at 512 bytes, and end in `…`.
    package static func escaped(_ text: String, limitBytes: Int = 512) -> String {
        var result = ""
        var count = 0
        for scalar in text.unicodeScalars {
            let piece = scalar == "\\" ? "\\\\" : scalar.isVisible ? String(scalar) : escape(scalar)
            count += piece.utf8.count
            guard count <= limitBytes else { return result + "…" }
            result += piece
        }
        return result
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: "\\u{" + String(scalar.value, radix: 16) + "}"
        }
    }

    /// Whether results may have colour: standard output is a terminal and `NO_COLOR` is not set (no-color.org).
    package static var hasColour: Bool {
        Terminal.isOutput && ProcessStart.variable("NO_COLOR")?.isEmpty ?? true
            && ProcessStart.variable("TERM") != Array("dumb".utf8)
    }

    /// The text in bold, where there may be colour.
    package static func bold(_ text: String) -> String { hasColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
}
