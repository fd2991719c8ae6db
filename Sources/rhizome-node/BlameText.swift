import Bytes
import CommandSupport
import RhizomeCore
import RhizomeViews
import StrictJSON

/// Who said what, for people.
struct BlameText {
    let blame: EntityBlame
    let store: ReadStore
    let now: Timestamp

    /// The blame in lines, the columns of all words aligned.
    var lines: [String] {
        let rows = blame.properties.map { property in
            property.because.map { row($0, "counts") } + property.over.map { row($0.word, $0.why.rawValue) }
        }
        var words = TerminalText.aligned(Array(rows.joined()))[...]
        var lines: [String] = []
        for (property, rows) in zip(blame.properties, rows) {
            let value = property.value.map { ValueText.column($0) } ?? "no value"
            let name = TerminalText.escaped(property.name.string)
            lines.append(TerminalText.bold(name) + " = \(value)  (\(property.resolver.rawValue))")
            lines += words.prefix(rows.count).map { "  " + $0 }
            words = words.dropFirst(rows.count)
            let left = property.overCount - Int64(property.over.count)
            if left > 0 { lines.append("  and \(left) more that don't count; see --limit") }
        }
        return lines
    }

    private func row(_ word: EntityBlame.Word, _ why: String) -> [String] {
        [
            word.value.map { ValueText.column($0.json) } ?? "(no value)",
            TerminalText.escaped(store.name(of: word.creator), limitBytes: 32),
            TerminalText.ago(now - word.timeCreated), String(word.delta.description.prefix(12)), why,
        ]
    }
}
