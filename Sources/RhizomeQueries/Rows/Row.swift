internal import Bytes
internal import DeterministicCBOR
internal import RhizomeViews
internal import StrictJSON

/// A row of a relation, with a cell for each column; nothing stands in what is absent.
struct Row: Sendable {
    /// What the columns hold, in their order.
    var cells: [JSONValue?]
    /// The deltas that give the row, where they are asked for.
    var lineage: Lineage?

    /// The cell at a place; absent where the column isn't told.
    subscript(index: Int?) -> JSONValue? { index.flatMap { cells[$0] } }

    /// About how many bytes of memory it takes besides the values in it, which other rows may share.
    var ownBytes: Int { 64 + 24 * cells.count + (lineage?.approximateBytes ?? 0) }
    /// About how many bytes of memory it takes with the values in it.
    var approximateBytes: Int { cells.reduce(ownBytes) { $0 + ($1?.approximateBytes ?? 0) } }
}

/// A relation's rows as deterministic CBOR: a map of the columns that aren't absent.
struct RowEncoding {
    /// The columns' names in the order of a map's keys, encoded, and where their cells are.
    private let columns: [(key: [UInt8], index: Int)]

    init(_ header: Header) {
        columns = header.columns.enumerated().sorted { first, second in
            (first.element.count, first.element) < (second.element.count, second.element)
        }.map { (CBORValue.text($0.element).encoded, $0.offset) }
    }

    /// The bytes by which rows are ordered where nothing else says how.
    func encoded(_ row: Row) -> [UInt8] {
        var writer = CBORWriter(capacity: 96)
        writer.map(row.cells.count { $0 != nil })
        for (key, index) in columns {
            guard let cell = row.cells[index] else { continue }
            writer.raw(key)
            cell.write(to: &writer)
        }
        return writer.bytes
    }
}
