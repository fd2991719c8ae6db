import Bytes
import CommandSupport
import RhizomeCore
import RhizomeViews
import StrictJSON

/// Who said what, for people.
struct BlameText {
    private static let valueBytes = 60

    let blame: EntityBlame
    let store: ReadStore
    let now: Timestamp

    private struct Row {
        let value: String
        let author: String
        let time: String
        let delta: String
        let why: String
    }

    /// The blame in lines, the columns of all words aligned.
    var lines: [String] {
        let rows = blame.properties.map { property in
            property.because.map { row($0, "counts") } + property.over.map { row($0.word, $0.why.rawValue) }
        }
        let all = rows.joined()
        let widths = [
            all.map(\.value.count).max() ?? 0, all.map(\.author.count).max() ?? 0, all.map(\.time.count).max() ?? 0,
        ]
        var lines: [String] = []
        for (property, rows) in zip(blame.properties, rows) {
            let value = property.value.map { Self.shown($0) } ?? "no value"
            let name = TerminalText.escaped(property.name.string)
            lines.append(TerminalText.bold(name) + " = \(value)  (\(property.resolver.rawValue))")
            for row in rows {
                let columns = zip([row.value, row.author, row.time], widths).map { text, width in
                    text + String(repeating: " ", count: width - text.count)
                }
                lines.append("  \(columns.joined(separator: "  "))  \(row.delta)  \(row.why)")
            }
            let left = property.overCount - Int64(property.over.count)
            if left > 0 { lines.append("  and \(left) more that don't count; see --limit") }
        }
        return lines
    }

    private func row(_ word: EntityBlame.Word, _ why: String) -> Row {
        Row(
            value: word.value.map { Self.shown($0.json) } ?? "(no value)",
            author: TerminalText.escaped(store.name(of: word.creator), limitBytes: 32),
            time: Self.ago(now - word.timeCreated),
            delta: String(word.delta.description.prefix(12)),
            why: why
        )
    }

    private static func shown(_ value: JSONValue) -> String {
        TerminalText.escaped(value.description, limitBytes: valueBytes)
    }

    /// How long ago, in one unit.
    static func ago(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return switch seconds {
        case ..<0: "in the future"
        case ..<60: "\(seconds) s ago"
        case ..<3_600: "\(seconds / 60) min ago"
        case ..<172_800: "\(seconds / 3_600) h ago"
        default: "\(seconds / 86_400) days ago"
        }
    }
}
