internal import GRDB
internal import RhizomeCore

/// Rows of one author's log by sequence: from one statement over all its branches, or merged from one for each.
struct LogRows {
    /// Where a delta of the log lies.
    struct Element {
        let sequence: Int64
        let position: Int64
    }

    private struct Source {
        let rows: RowCursor
        var next: Element?
    }

    private var sources: [Source]
    /// Which rows of the one source count; all where there is a source for each branch.
    private let ranges: [Int64: ClosedRange<Int64>]?

    /// Rows (sequence, position, branch), of which those in these ranges of branches count.
    init(_ rows: RowCursor, in ranges: [Int64: ClosedRange<Int64>]) {
        self.ranges = ranges
        sources = [Source(rows: rows)]
    }

    /// Rows (sequence, position) of one branch each.
    init(_ branches: [RowCursor]) throws {
        ranges = nil
        sources = try branches.compactMap { rows in
            try rows.next().map { Source(rows: rows, next: try Self.element($0)) }
        }
    }

    /// The next row; `nil` at the end.
    mutating func next() throws -> Element? {
        if let ranges {
            while let row = try sources[0].rows.next() {
                let element = try Self.element(row)
                if ranges[try row.ordinal(2)]?.contains(element.sequence) == true { return element }
            }
            return nil
        }
        let least = sources.indices.min { (sources[$0].next?.sequence ?? .max) < (sources[$1].next?.sequence ?? .max) }
        guard let least, let element = sources[least].next else { return nil }
        sources[least].next = try sources[least].rows.next().map { try Self.element($0) }
        if sources[least].next == nil { sources.remove(at: least) }
        return element
    }

    private static func element(_ row: Row) throws -> Element {
        Element(sequence: try row.ordinal(0), position: try row.ordinal(1))
    }
}
