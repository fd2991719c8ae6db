/// Numbers in the Prometheus text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
struct PrometheusText {
    /// The lines so far.
    private(set) var text = ""

    /// The two lines above the samples of a metric.
    mutating func begin(_ definition: MetricDefinition) {
        let kind =
            switch definition.kind {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        text += "# HELP \(definition.name) \(Self.escape(definition.help, quotes: false))\n"
        text += "# TYPE \(definition.name) \(kind)\n"
    }

    /// One number.
    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
        let labels = labels.map { "\($0.0)=\"\(Self.escape($0.1, quotes: true))\"" }.joined(separator: ",")
        text += name + (labels.isEmpty ? "" : "{\(labels)}") + " \(Self.number(value))\n"
    }

    /// A number as the format spells it.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(\.description) ?? value.description
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
