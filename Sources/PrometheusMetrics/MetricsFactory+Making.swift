package import CoreMetrics

extension MetricsFactory {
    /// A counter of this name and these labels.
    package func counter(_ name: String, _ labels: [(String, String)] = []) -> Counter {
        Counter(label: name, dimensions: labels, factory: self)
    }

    /// A meter of this name and these labels.
    package func meter(_ name: String, _ labels: [(String, String)] = []) -> Meter {
        Meter(label: name, dimensions: labels, factory: self)
    }

    /// A timer of this name.
    package func timer(_ name: String) -> CoreMetrics.Timer { CoreMetrics.Timer(label: name, factory: self) }
}
