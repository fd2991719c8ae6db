internal import Bytes
internal import Locks
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import ZeroMQ

/// What this node tells peers of where it is: in `hello`, and in a record that it signs (spec: meeting.md, "Addresses").
final class OwnAddresses: Sendable {
    private struct State {
        /// From where each peer sees us come; kept only where that decides.
        var seen: [PublicKey: String] = [:]
        var host: String?
        var record: AddressRecord?
    }

    /// How old a record gets before it is made anew, though nothing has changed.
    private static let longestRecordAge = Duration.seconds(86_400)

    private let signer: Identity
    private let clock: NodeClock
    private let binding: NodeConfiguration.Binding
    private let port: UInt16
    private let allowsLoopback: Bool
    private let state = Lock(State())

    /// - Parameter port: on which the ROUTER listens.
    init(signer: Identity, clock: NodeClock, configuration: NodeConfiguration, port: UInt16) {
        self.signer = signer
        self.clock = clock
        binding = configuration.request
        self.port = port
        allowsLoopback = configuration.isOnLoopbackAlone
    }

    /// Where the ROUTER is reached; `nil` where nothing is known that could be told.
    var request: PeerAddress? { state.withLock { address($0) } }

    private func address(_ state: State) -> PeerAddress? {
        let host = binding.isHostSeen ? state.host : binding.host
        return host.flatMap { PeerAddress($0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)") }
    }

    /// The signed record; the same one until something changes, or for a day.
    var record: AddressRecord {
        let now = clock.now
        return state.withLock { state in
            let addresses = [address(state)].compactMap { $0 }
            if let record = state.record, record.addresses == addresses, now - record.time < Self.longestRecordAge {
                return record
            }
            let time = max(now, state.record?.time.next ?? .min)
            let record = AddressRecord(by: signer, time: time, addresses: addresses)
            state.record = record
            return record
        }
    }

    /// Takes note of the address from which a peer sees us come; counts where we are to be told as we are seen.
    ///
    /// What two peers say counts, or the only one; where they differ, what was told before stays.
    func note(seen: Text?, by peer: PublicKey) {
        guard binding.isHostSeen, let text = seen?.string, let numeric = NumericAddress(text), numeric.isOfOne,
            allowsLoopback || !numeric.isLoopback
        else { return }
        state.withLock { state in
            state.seen[peer] = text
            let counts = Dictionary(grouping: state.seen.values, by: \.self).mapValues(\.count)
            let agreed = counts.filter { $0.value >= 2 || state.seen.count == 1 }
            if let host = state.host, agreed[host] != nil { return }
            // Of several the one that more peers see, then the first by its text.
            let most = agreed.max { ($0.value, $1.key) < ($1.value, $0.key) }
            if let most { state.host = most.key }
        }
    }

    /// Forgets what peers said who aren't in the list any more.
    func keep(_ isKept: (PublicKey) -> Bool) {
        state.withLock { state in state.seen = state.seen.filter { isKept($0.key) } }
    }
}
