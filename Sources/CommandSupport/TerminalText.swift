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

    /// Whether results may have colour: standard output is a terminal, as it was at the start, before any pager, and
    /// `NO_COLOR` is not set (no-color.org).
    package static let hasColour =
        Terminal.isOutput && ProcessStart.variable("NO_COLOR")?.isEmpty ?? true
        && ProcessStart.variable("TERM") != Array("dumb".utf8)

    /// The text in bold, where there may be colour.
    package static func bold(_ text: String) -> String { hasColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

    /// The text in a fainter shade, where there may be colour.
    package static func faint(_ text: String) -> String { hasColour ? "\u{1b}[2m\(text)\u{1b}[0m" : text }

    /// How long ago, in one unit, for people; exact times are for programs.
    package static func ago(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return switch seconds {
        case ..<0: "in the future"
        case ..<60: "\(seconds) s ago"
        case ..<3_600: "\(seconds / 60) min ago"
        case ..<172_800: "\(seconds / 3_600) h ago"
        default: "\(seconds / 86_400) days ago"
        }
    }

    /// Rows as lines, each column but the last as wide as its widest text.
    package static func aligned(_ rows: [[String]]) -> [String] {
        let widths = widths(of: rows)
        return rows.map { aligned($0, to: widths) }
    }

    /// The columns that the widest text of each column but the last takes.
    package static func widths(of rows: some Sequence<[String]>) -> [Int] {
        var widths: [Int] = []
        for row in rows {
            for (column, text) in row.dropLast().enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], columns(of: text))
            }
        }
        return widths
    }

    /// A row as a line, each column but the last at least so wide.
    package static func aligned(_ row: [String], to widths: [Int]) -> String {
        let columns = zip(row.dropLast(), widths).map { padded($0, to: $1) }
        return (columns + row.suffix(1)).joined(separator: "  ")
    }

    /// The text with spaces behind it, so that it takes at least so many columns.
    package static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - columns(of: text)))
    }

    /// How many columns of a terminal a text takes: two for what East Asian scripts and pictures take.
    package static func columns(of text: String) -> Int {
        text.reduce(0) { $0 + ($1.unicodeScalars.first.map(isWide) == true ? 2 : 1) }
    }

    /// Blocks that are wide throughout (Unicode, EastAsianWidth.txt).
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            true
        default: false
        }
    }
}
