import CoreMetrics
import PrometheusMetrics
import Testing

@Suite
struct PrometheusRegistryTests {
    @Test("Metrics are shown in the order of the table, labels and meanings escaped")
    func text() {
        let registry = PrometheusRegistry([
            .init("b_total", .counter, labels: ["x"], unit: "b", "B\nb \\."),
            .init("unused", .gauge, unit: "none", "Nobody made it."),
            .init("a", .gauge, unit: "a", "A."),
        ])
        Meter(label: "a", factory: registry).set(0.5)
        Counter(label: "b_total", dimensions: [("x", "é")], factory: registry).increment(by: 2)
        let escaped = Counter(label: "b_total", dimensions: [("x", "q\"\\\n")], factory: registry)
        escaped.increment(by: 3)
        #expect(
            registry.text == """
                # HELP b_total B\\nb \\\\.
                # TYPE b_total counter
                b_total{x="q\\"\\\\\\n"} 3
                b_total{x="é"} 2
                # HELP a A.
                # TYPE a gauge
                a 0.5

                """
        )
        escaped.destroy()
        #expect(!registry.text.contains("q"), "what was destroyed is shown no longer")
        #expect(registry.text.contains("é"))
    }

    @Test("A metric that is made twice is the same one")
    func twice() {
        let registry = PrometheusRegistry([.init("a_total", .counter, labels: ["x"], unit: "a", "A.")])
        for value in ["1", "2", "1"] {
            Counter(label: "a_total", dimensions: [("x", value)], factory: registry).increment()
        }
        #expect(registry.text.contains("a_total{x=\"1\"} 2\na_total{x=\"2\"} 1\n"))
    }

    @Test("A histogram counts what is at most as large as each bound, times in seconds")
    func histogram() {
        let registry = PrometheusRegistry([.init("t", .histogram(bounds: [0.01, 0.1]), unit: "seconds", "T.")])
        let timer = Timer(label: "t", factory: registry)
        for milliseconds in [10, 50, 200] { timer.recordMilliseconds(milliseconds) }
        #expect(
            registry.text == """
                # HELP t T.
                # TYPE t histogram
                t_bucket{le="0.01"} 1
                t_bucket{le="0.1"} 2
                t_bucket{le="+Inf"} 3
                t_sum 0.26
                t_count 3

                """
        )
    }

    @Test("A gauge goes up and down, by whichever way it is made")
    func gauge() {
        let registry = PrometheusRegistry([.init("g", .gauge, unit: "g", "G.")])
        let meter = Meter(label: "g", factory: registry)
        meter.set(3)
        meter.increment(by: 2)
        meter.decrement(by: 1)
        #expect(registry.text.hasSuffix("\ng 4\n"))
        Gauge(label: "g", factory: registry).record(-7)
        #expect(registry.text.hasSuffix("\ng -7\n"))
    }

    @Test("A metric that isn't in the table, is something else there or has other labels is a mistake")
    func mistakes() async {
        await #expect(processExitsWith: .failure) {
            _ = Counter(label: "b", factory: PrometheusRegistry([.init("a", .counter, unit: "a", "A.")]))
        }
        await #expect(processExitsWith: .failure) {
            _ = Meter(label: "a", factory: PrometheusRegistry([.init("a", .counter, unit: "a", "A.")]))
        }
        await #expect(processExitsWith: .failure) {
            _ = Counter(
                label: "a",
                dimensions: [("x", "1")],
                factory: PrometheusRegistry([.init("a", .counter, unit: "a", "A.")])
            )
        }
    }
}
