internal import Locks
package import RhizomeIdentity
package import SignedStatements

/// Metrics that are told by peer, under the petnames of the trusted-peer list: a peer can't make more of them.
package final class PetnameSeries<Series: Sendable>: Sendable {
    private struct State {
        var names: [PublicKey: String] = [:]
        /// Made when something is to be counted first, so that a long list costs nothing.
        var series: [PublicKey: (name: String, series: Series)] = [:]
    }

    private let state = Lock(State())
    private let make: @Sendable (_ name: String) -> Series
    private let destroy: @Sendable (Series) -> Void

    /// - Parameters:
    ///   - make: makes the metrics of one peer.
    ///   - destroy: forgets what they counted.
    package init(
        make: @escaping @Sendable (_ name: String) -> Series,
        destroy: @escaping @Sendable (Series) -> Void
    ) {
        self.make = make
        self.destroy = destroy
    }

    /// Takes over the petnames of the list; what was counted of who isn't in it any more is forgotten.
    package func keep(_ trust: TrustList) {
        let names = trust.entries.mapValues { $0.name ?? $0.identity.short }
        let gone = state.withLock { state in
            state.names = names
            let gone = state.series.filter { names[$0.key] != $0.value.name }
            for peer in gone.keys { state.series[peer] = nil }
            return gone
        }
        for (_, series) in gone.values { destroy(series) }
    }

    /// The metrics of a peer; `nil` for this node, and for who isn't in the list.
    package subscript(peer: PublicKey?) -> Series? {
        guard let peer else { return nil }
        return state.withLock { state in
            if let known = state.series[peer] { return known.series }
            guard let name = state.names[peer] else { return nil }
            let made = make(name)
            state.series[peer] = (name, made)
            return made
        }
    }
}
