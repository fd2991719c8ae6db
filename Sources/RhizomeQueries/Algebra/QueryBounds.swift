public import StrictJSON

/// What queries may have and cost (spec: query.md, "Bounds").
public enum QueryBounds {
    /// A query's text: 256 KiB, and 128 levels of arrays and objects, of which 32 operators take 64.
    public static let text = JSONLimits(bytes: 256 << 10, depth: 128)
    /// Operators of a query, those of `let` too.
    public static let operators = 64
    /// Operators within operators.
    public static let depth = 32
    /// Rows over all operators of all queries that run.
    public static let rows = 1_000_000
    /// Bytes over all operators of all queries that run.
    public static let bytes = 256 << 20
    /// Steps of JSON-Logic in a query.
    public static let steps = 50_000_000
    /// Pairs that a join without equal columns looks at.
    public static let pairs = 10_000_000
    /// Seconds that a query takes where it asks for no other number.
    public static let seconds = 10
    /// Seconds for which it may ask.
    public static let mostSeconds = 60
    /// Rows for which a page may ask.
    public static let pageRows = 10_000
    /// Columns of a relation.
    public static let columns = 1_024
    /// Delta ids that are told of a row.
    public static let because = 1_000
    /// Other sets of deltas that are told of a row.
    public static let alternatives = 8
}
