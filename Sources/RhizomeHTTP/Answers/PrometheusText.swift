/// One number for `/metrics`.
struct MetricSample: Sendable {
    /// The metric's name.
    let name: String
    /// What it counts, in a sentence.
    let help: String
    /// `counter` or `gauge`.
    let kind: String
    /// Names with values out of closed sets.
    var labels: [(String, String)] = []
    /// The number.
    let value: Double
}

/// Samples in the Prometheus text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
struct PrometheusText {
    /// The lines, those of one metric together, in the order of their first samples.
    let text: String

    /// Writes samples.
    init(_ samples: [MetricSample]) {
        var order: [String] = []
        var families: [String: [MetricSample]] = [:]
        for sample in samples {
            if families[sample.name] == nil { order.append(sample.name) }
            families[sample.name, default: []].append(sample)
        }
        var text = ""
        for name in order {
            guard let family = families[name], let first = family.first else { continue }
            text += "# HELP \(name) \(Self.escape(first.help, quotes: false))\n# TYPE \(name) \(first.kind)\n"
            for sample in family { text += Self.line(sample) }
        }
        self.text = text
    }

    private static func line(_ sample: MetricSample) -> String {
        let labels = sample.labels.map { "\($0.0)=\"\(escape($0.1, quotes: true))\"" }.joined(separator: ",")
        return sample.name + (labels.isEmpty ? "" : "{\(labels)}") + " \(number(sample.value))\n"
    }

    private static func number(_ value: Double) -> String {
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
