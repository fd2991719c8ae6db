public import Bytes
public import RhizomeCore
internal import RhizomeViews
public import StrictJSON

/// The rows of a base relation, as they were read from the database.
public struct BaseRelation: Sendable {
    /// A row that was read.
    public struct Row: Sendable {
        /// What the columns hold, in their order; `nil` where they are absent.
        public let cells: [JSONValue?]
        /// The deltas on which it rests, where they are asked for.
        public let lineage: Lineage?

        /// A row.
        public init(_ cells: [JSONValue?], because lineage: Lineage? = nil) {
            self.cells = cells
            self.lineage = lineage
        }

        /// About how many bytes of memory it takes.
        var approximateBytes: Int {
            let values = cells.reduce(64) { $0 + 24 + ($1?.approximateBytes ?? 0) }
            guard let lineage else { return values }
            return lineage.cells.reduce(values + 64 + 32 * lineage.row.count) { $0 + 40 + 32 * $1.count }
        }
    }

    /// The deltas on which a row rests.
    public struct Lineage: Sendable {
        /// Those on which the row as such rests.
        public let row: [DeltaID]
        /// Those on which each cell rests besides.
        public let cells: [[DeltaID]]
        /// Whether a cell holds what stands in where nobody gave a value.
        public let restsOnAbsence: Bool

        /// The deltas on which a row rests.
        public init(row: [DeltaID], cells: [[DeltaID]], restsOnAbsence: Bool = false) {
            self.row = row
            self.cells = cells
            self.restsOnAbsence = restsOnAbsence
        }
    }

    /// The columns: those that ``QueryBase`` names, in that order, or all that rows have.
    public let columns: [Text]
    /// The rows, in any order; equal ones are one.
    public let rows: [Row]

    /// Rows that were read.
    public init(columns: [Text], rows: [Row]) {
        self.columns = columns
        self.rows = rows
    }
}
