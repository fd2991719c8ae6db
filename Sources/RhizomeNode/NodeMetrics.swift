internal import RhizomeCore

/// The node's numbers at one moment, by the names under which `/metrics` shows them.
///
/// Labels come from closed sets: never a key, a path or a peer's text.
public struct NodeMetrics: Sendable {
    /// One number.
    public struct Sample: Sendable {
        /// Whether it only grows.
        public enum Kind: String, Sendable {
            case counter
            case gauge
        }

        /// Its name, with its unit.
        public let name: String
        /// What it counts, a sentence.
        public let help: String
        /// Whether it only grows.
        public let kind: Kind
        /// What tells it from others of the same name.
        public let labels: [(name: String, value: String)]
        /// The number.
        public let value: Double

        /// A number.
        public init(name: String, help: String, kind: Kind, labels: [(name: String, value: String)], value: Double) {
            self.name = name
            self.help = help
            self.kind = kind
            self.labels = labels
            self.value = value
        }
    }

    /// All numbers; those of one name stand together.
    public private(set) var samples: [Sample] = []

    mutating func counter(_ name: String, _ help: String, _ value: Double, labels: [(String, String)] = []) {
        samples.append(Sample(name: name, help: help, kind: .counter, labels: labels, value: value))
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        samples.append(Sample(name: name, help: help, kind: .gauge, labels: [], value: value))
    }

    mutating func add(decisions counts: DecisionCounts) {
        let name = "rhizome_deltas_decided_total"
        let help = "Decisions of admission since the start."
        func count(_ decision: String, _ reason: String, _ value: Int64) {
            counter(name, help, Double(value), labels: [("decision", decision), ("reason", reason)])
        }
        count("accept", "", counts.accepted)
        count("duplicate", "", counts.duplicate)
        for reason in Rejection.allCases { count("reject", reason.rawValue, counts.rejections[reason] ?? 0) }
        for reason in Deferral.allCases { count("defer", reason.rawValue, counts.deferrals[reason] ?? 0) }
    }
}
