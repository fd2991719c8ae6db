internal import Bytes
internal import StrictJSON

/// Rows that are different, with their columns.
struct RowSet: Sendable {
    /// The columns.
    var header: Header
    /// The rows; in no certain order unless ``isOrdered``.
    var rows: [Row]
    /// Whether an operator gave the rows their order.
    var isOrdered = false
    /// What is counted of it while it is held.
    var weight = QueryMeter.Weight()
}
