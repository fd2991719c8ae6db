internal import Bytes
internal import Dispatch
internal import Logging
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Finds peers that have moved: asks those that are connected for records of those that can't be reached (spec:
/// meeting.md, "Addresses").
struct AddressSearch: Sendable {
    let book: AddressBook
    let own: OwnAddresses
    let policy: ConnectionPolicy
    let peering: Peering
    let clock: NodeClock
    let ledger: PeerLedger
    let logger: Logger
    /// Posted to when something may have to be done.
    let news: Mailbox<Void>
    /// Told that a peer may be elsewhere.
    let onLearned: @Sendable () -> Void

    /// How often it is looked after those who can't be reached, and how often after something new where there are none.
    private static let (interval, longInterval) = (Duration.seconds(5), Duration.seconds(60))
    /// How often each peer is asked.
    private static let askingInterval = Duration.seconds(60)
    /// How soon one is asked again that doesn't know the method.
    private static let foreignInterval = Duration.seconds(3_600)
    private static let deadline = Duration.seconds(10)

    private let queue = DispatchQueue(label: "rhizome.addresses")

    /// Asks, and keeps what was learned in its file, until the task is cancelled.
    @concurrent
    func run() async {
        var due: [PublicKey: Uptime] = [:]
        var isAnyLost = true
        while !Task.isCancelled {
            // What happens at the same time, as when a network fails, is one piece of news.
            try? await clock.sleep(for: Self.interval)
            if !isAnyLost { _ = await news.take(within: Self.longInterval - Self.interval, by: clock) }
            // At the end nobody is asked any more, but what was learned is kept.
            if !Task.isCancelled { isAnyLost = await ask(&due) }
            book.keep(policy.trust)
            own.keep { policy.mayConnect($0) }
            await save()
        }
    }

    /// - Returns: whether there is anybody who can't be reached.
    private func ask(_ due: inout [PublicKey: Uptime]) async -> Bool {
        let states = await peering.states()
        let now = clock.uptime
        let trust = policy.trust
        let connected = states.filter { $0.value.isConnected(now: now) }
        let lost = trust.entries.keys.filter { trust.mayConnect($0, at: clock.now) && connected[$0] == nil }
        guard !lost.isEmpty else { return false }
        // Of more than can be asked for at once others each time.
        let wanted = lost.shuffled().prefix(AddressesMethod.most).map { peer in
            AddressesMethod.Wanted(key: peer, time: book.time(of: peer))
        }
        for (peer, state) in connected where state.phase == .connected && due[peer] ?? .min <= now {
            due[peer] = clock.uptime + Self.askingInterval
            do throws(PeerError) {
                let records = try await peering.call(AddressesMethod(wanted: wanted), to: peer, within: Self.deadline)
                if records.map({ book.note($0) }).contains(true) { onLearned() }
            } catch {
                if error.code == .unknownMethod { due[peer] = clock.uptime + Self.foreignInterval }
                if error.code == .badReply { ledger.charge(peer) }
            }
        }
        due = due.filter { connected[$0.key] != nil }
        return true
    }

    private func save() async {
        do {
            try await queue.run { try book.save() }
        } catch {
            logger.debug(
                "the peers' addresses can't be kept; they are asked for again",
                metadata: ["error": "\(error)"]
            )
        }
    }
}
