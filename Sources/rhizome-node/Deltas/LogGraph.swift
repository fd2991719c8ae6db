import RhizomeCore

/// The branches of a log beside its deltas, newest first: a column for each chain of which an older delta is to come.
struct LogGraph {
    /// Columns that are drawn at most.
    private static let drawn = 24

    /// Which delta comes next in each column; `nil` in one that is free.
    private var columns: [DeltaID?] = []

    /// The lines of the next delta: joints above and below it, and itself with what there is to say.
    mutating func lines(of delta: SignedDelta, saying text: String) -> [String] {
        var lines: [String] = []
        let waiting = columns.indices.filter { columns[$0] == delta.id }
        let column = waiting.first ?? free()
        if waiting.count > 1 {
            lines.append(joint(from: column, to: waiting.dropFirst(), ending: "┘", passing: "┴"))
            for other in waiting.dropFirst() { columns[other] = nil }
        }
        lines.append(row { $0 == column ? "●" : nil } + " " + text)
        let previous = delta.header.previous
        columns[column] = previous.first
        // A column that waits for it already will do.
        let others = previous.dropFirst().map { id in columns.firstIndex { $0 == id } ?? add(id) }
        if !others.isEmpty {
            let right = others.filter { $0 > column }.sorted()
            if !right.isEmpty { lines.append(joint(from: column, to: right[...], ending: "┐", passing: "┬")) }
        }
        while let last = columns.last, last == nil { columns.removeLast() }
        return lines
    }

    private mutating func free() -> Int {
        if let free = columns.firstIndex(of: nil) { return free }
        columns.append(nil)
        return columns.count - 1
    }

    private mutating func add(_ id: DeltaID) -> Int {
        // To the right of all, so that the joint shows it.
        columns.append(id)
        return columns.count - 1
    }

    /// A character for each column, two wide.
    private func row(_ mark: (Int) -> String?) -> String {
        let marks = columns.indices.prefix(Self.drawn).map { mark($0) ?? (columns[$0] == nil ? " " : "│") }
        return marks.joined(separator: " ") + (columns.count > Self.drawn ? " …" : "")
    }

    /// A line from one column to others on its right.
    private func joint(from column: Int, to others: ArraySlice<Int>, ending: String, passing: String) -> String {
        guard let last = others.last else { return "" }
        var text = ""
        for place in columns.indices.prefix(Self.drawn) {
            let isBetween = place > column && place < last
            switch place {
            case column: text += "├"
            case last: text += ending
            case _ where others.contains(place): text += passing
            case _ where isBetween: text += columns[place] == nil ? "─" : "┼"
            default: text += columns[place] == nil ? " " : "│"
            }
            text += place >= column && place < last ? "─" : " "
        }
        return text + (columns.count > Self.drawn ? "…" : "")
    }
}
