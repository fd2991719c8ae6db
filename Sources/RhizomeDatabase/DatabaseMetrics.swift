package import CoreMetrics
public import PrometheusMetrics
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedStatements

/// What a database counts and measures, made once, by the names under which `/metrics` shows it.
///
/// Labels come from closed sets: decisions and reasons of the specification, and for what is told by peer the petnames
/// of the list, never anything that a peer says. Any thread may use them; nothing waits.
package final class DatabaseMetrics: Sendable {
    /// The numbers of one peer.
    private struct PeerSeries: Sendable {
        let decided: [String: Counter]
        let badInput: Counter

        init(_ name: String, _ factory: any MetricsFactory) {
            let peer = [("peer", name)]
            var decided: [String: Counter] = [:]
            for decision in DatabaseMetrics.decisions {
                decided[decision] = factory.counter("rhizome_peer_deltas_total", peer + [("decision", decision)])
            }
            self.decided = decided
            badInput = factory.counter("rhizome_peer_bad_input_total", peer)
        }

        func destroy() {
            for counter in decided.values { counter.destroy() }
            badInput.destroy()
        }
    }

    private static let decisions = [
        Decision.accept.name, Decision.duplicate.name, Decision.reject(.limit).name, Decision.defer(.gap).name,
    ]

    private let decided: [Decision: Counter]
    private let peers: PetnameSeries<PeerSeries>

    let badInput: Counter
    let evicted: Counter
    let verify: Timer
    let commit: Timer
    let deltas: Meter
    let deferredDeltas: Meter
    let deferredBytes: Meter
    let waitingToVerify: Meter
    let waitingForWriter: Meter
    let uptime: Meter
    let cachedEntities: Meter
    let cacheBytes: Meter
    let cacheHits: Meter
    let cacheMisses: Meter
    let longReads: Meter
    let answerBytes: Meter
    let waitingAnswers: Meter

    package init(_ factory: any MetricsFactory) {
        peers = PetnameSeries {
            PeerSeries($0, factory)
        } destroy: {
            $0.destroy()
        }
        let all: [Decision] =
            [.accept, .duplicate] + Rejection.allCases.map { .reject($0) } + Deferral.allCases.map { .defer($0) }
        var decided: [Decision: Counter] = [:]
        for decision in all {
            let labels = [("decision", decision.name), ("reason", decision.reason ?? "")]
            decided[decision] = factory.counter("rhizome_deltas_decided_total", labels)
        }
        self.decided = decided
        badInput = factory.counter("rhizome_bad_input_total")
        evicted = factory.counter("rhizome_deferred_evicted_total")
        verify = factory.timer("rhizome_verify_seconds")
        commit = factory.timer("rhizome_commit_seconds")
        deltas = factory.meter("rhizome_deltas")
        deferredDeltas = factory.meter("rhizome_deferred_deltas")
        deferredBytes = factory.meter("rhizome_deferred_bytes")
        waitingToVerify = factory.meter("rhizome_verify_waiting_pieces")
        waitingForWriter = factory.meter("rhizome_writer_waiting_jobs")
        uptime = factory.meter("rhizome_uptime_seconds")
        cachedEntities = factory.meter("rhizome_view_cache_entities")
        cacheBytes = factory.meter("rhizome_view_cache_bytes")
        cacheHits = factory.meter("rhizome_view_cache_hits")
        cacheMisses = factory.meter("rhizome_view_cache_misses")
        longReads = factory.meter("rhizome_long_reads_in_flight")
        answerBytes = factory.meter("rhizome_answer_bytes")
        waitingAnswers = factory.meter("rhizome_answers_waiting")
    }

    /// Takes over the petnames of the list; what was counted of who isn't in it any more is forgotten.
    func keep(_ trust: TrustList) { peers.keep(trust) }

    /// Counts decisions on deltas that a peer sent, or that were handed in here.
    func decided(_ decision: Decision, times: Int, from peer: PublicKey?) {
        decided[decision]?.increment(by: times)
        peers[peer]?.decided[decision.name]?.increment(by: times)
    }

    /// Counts what a peer alone can be blamed for.
    func badInput(_ pieces: Int, from peer: PublicKey) {
        badInput.increment(by: pieces)
        peers[peer]?.badInput.increment(by: pieces)
    }
}

extension Database {
    /// The table of what a database counts and measures: unit and meaning of each.
    public static let metricTable: [MetricDefinition] = [
        .init(
            "rhizome_deltas_decided_total",
            .counter,
            labels: ["decision", "reason"],
            unit: "deltas",
            "Decisions of admission since the start."
        ),
        .init(
            "rhizome_peer_deltas_total",
            .counter,
            labels: ["peer", "decision"],
            unit: "deltas",
            "Decisions on the deltas that a peer sent, by its petname."
        ),
        .init(
            "rhizome_peer_bad_input_total",
            .counter,
            labels: ["peer"],
            unit: "pieces",
            "Pieces of bad input that a peer sent, by its petname."
        ),
        .init("rhizome_bad_input_total", .counter, unit: "pieces", "Pieces of bad input by trusted peers."),
        .init("rhizome_deltas", .gauge, unit: "deltas", "Deltas held."),
        .init("rhizome_view_cache_entities", .gauge, unit: "entities", "Entities whose views are kept in memory."),
        .init("rhizome_view_cache_bytes", .gauge, unit: "bytes", "Bytes that the views in memory take, about."),
        .init("rhizome_view_cache_hits", .gauge, unit: "reads", "Reads of views that needed nothing of the store."),
        .init("rhizome_view_cache_misses", .gauge, unit: "reads", "Reads of views that asked the store."),
        .init(
            "rhizome_long_reads_in_flight",
            .gauge,
            unit: "pieces",
            "Pieces of reads that are computed on threads of their own, or wait for it."
        ),
        .init(
            "rhizome_answer_bytes",
            .gauge,
            unit: "bytes",
            "Bytes of memory that answers which are being made take, about; small ones aren't counted."
        ),
        .init("rhizome_answers_waiting", .gauge, unit: "answers", "Answers that wait for memory."),
        .init(
            "rhizome_verify_seconds",
            .seconds,
            unit: "seconds",
            "How long verifying took what was handed in at once."
        ),
        .init(
            "rhizome_commit_seconds",
            .seconds,
            unit: "seconds",
            "How long a transaction took until it was durable."
        ),
        .init(
            "rhizome_verify_waiting_pieces",
            .gauge,
            unit: "pieces",
            "Pieces of what was handed in that wait for a processor to decode or verify them."
        ),
        .init(
            "rhizome_writer_waiting_jobs",
            .gauge,
            unit: "jobs",
            "Local writes, and slices of verified deltas, that wait for the next transaction."
        ),
        .init("rhizome_deferred_deltas", .gauge, unit: "deltas", "Deltas that wait in memory."),
        .init(
            "rhizome_deferred_bytes",
            .gauge,
            unit: "bytes",
            "Bytes of the deltas that wait in memory, which they are kept as."
        ),
        .init("rhizome_deferred_evicted_total", .counter, unit: "deltas", "Waiting deltas dropped to make room."),
        .init("rhizome_uptime_seconds", .gauge, unit: "seconds", "Time since the start."),
    ]
}
