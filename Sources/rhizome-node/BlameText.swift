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

    /// Words by which the columns are aligned, the first ones; of a sum there may be millions.
    private static let measured = 1_000

    /// Tells the blame line by line, the columns of all words aligned.
    func forEachLine(_ show: (String) throws -> Void) rethrows {
        let widths = TerminalText.widths(of: blame.properties.lazy.flatMap(rows).prefix(Self.measured))
        for property in blame.properties {
            let value = property.value.map { ValueText.column($0) } ?? "no value"
            let name = TerminalText.escaped(property.name.string)
            try show(TerminalText.bold(name) + " = \(value)  (\(property.resolver.rawValue))")
            for row in rows(of: property) { try show("  " + TerminalText.aligned(row, to: widths)) }
            let left = property.overCount - Int64(property.over.count)
            if left > 0 { try show("  and \(left) more that don't count; see --limit") }
        }
    }

    private func rows(of property: EntityBlame.Property) -> some Sequence<[String]> {
        let counting = property.because.lazy.map { (word: $0, why: "counts") }
        let others = property.over.lazy.map { (word: $0.word, why: $0.why.rawValue) }
        return [AnySequence(counting), AnySequence(others)].lazy.flatMap(\.self).map { row($0.word, $0.why) }
    }

    private func row(_ word: EntityBlame.Word, _ why: String) -> [String] {
        [
            word.value.map { ValueText.column($0.json) } ?? "(no value)",
            TerminalText.escaped(store.name(of: word.creator), limitBytes: 32),
            TerminalText.ago(now - word.timeCreated), String(word.delta.description.prefix(12)), why,
        ]
    }
}
