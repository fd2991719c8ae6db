/// One row of the table of metrics: what is counted or measured, in what, and by what it is told apart.
public struct MetricDefinition: Sendable {
    /// How the numbers of a metric go on.
    public enum Kind: Hashable, Sendable {
        /// It only grows.
        case counter
        /// It goes up and down.
        case gauge
        /// How many observations were at most as large as each of these bounds, in rising order.
        case histogram(bounds: [Double])

        /// Bounds for what takes from half a millisecond to ten seconds.
        public static let seconds = Kind.histogram(
            bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        )
    }

    /// Its name, with its unit where it has one.
    public let name: String
    /// How its numbers go on.
    public let kind: Kind
    /// The names of its labels, whose values come from closed sets.
    public let labels: [String]
    /// What one of it is: `deltas`, `bytes`, `seconds`.
    public let unit: String
    /// What it means, a sentence.
    public let help: String

    /// A row.
    public init(_ name: String, _ kind: Kind, labels: [String] = [], unit: String, _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.unit = unit
        self.help = help
    }
}
