internal import Bytes
internal import DeterministicCBOR
internal import HomeFiles
internal import Locks
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// The newest address record of each peer in the list, kept in `data/addresses` (spec: meeting.md, "Addresses").
///
/// A CBOR array of them, written by rename. It holds records of those alone who may connect, so it is as small as the list;
/// it is no more than a hint: the peer's key decides who is talked to, so a wrong address costs one attempt.
final class AddressBook: Sendable {
    private struct State {
        var records: [PublicKey: AddressRecord] = [:]
        /// Whether the file says something else.
        var isChanged = false
    }

    private static let name = "addresses"
    /// More bytes than 4,000 records have.
    private static let mostBytes = 16 << 20

    private let home: Home
    private let policy: ConnectionPolicy
    private let clock: NodeClock
    private let state = Lock(State())

    init(home: Home, policy: ConnectionPolicy, clock: NodeClock) {
        self.home = home
        self.policy = policy
        self.clock = clock
    }

    /// Reads the file; what can't be read, or doesn't count any more, is left out.
    ///
    /// - Complexity: a verification of each record.
    func load() {
        guard let bytes = try? home.data(creating: false).contents(Self.name, limit: Self.mostBytes) else { return }
        var reader = CBORReader(bytes)
        guard let count = try? reader.array() else { return }
        for _ in 0..<count {
            guard let record = try? reader.byteString() else { break }
            _ = note(record)
        }
        state.withLock { $0.isChanged = false }
    }

    /// Writes the file where something has changed since.
    func save() throws {
        let records = state.withLock { state -> [AddressRecord]? in
            guard state.isChanged else { return nil }
            state.isChanged = false
            return Array(state.records.values)
        }
        guard let records else { return }
        var writer = CBORWriter(capacity: 256 * records.count)
        writer.array(records.count)
        for record in records.sorted(by: { $0.key < $1.key }) { writer.byteString(record.signed.encoded) }
        do {
            try home.data(creating: true).replace(Self.name, writer.bytes)
        } catch {
            state.withLock { $0.isChanged = true }
            throw error
        }
    }

    /// Takes a record in, where it counts: of a peer that may connect, newer than the one that is held, not from the
    /// future, and not over.
    ///
    /// - Returns: whether it was taken in.
    /// - Complexity: a verification, where it may count.
    func note(_ bytes: [UInt8]) -> Bool {
        let now = clock.now
        let trust = policy.trust
        let record = AddressRecord(verifying: bytes) { key, time in
            key != trust.owner && trust.mayConnect(key, at: now) && time > self.time(of: key)
        }
        guard let record, record.counts(at: now) else { return false }
        return state.withLock { state in
            guard state.records[record.key].map({ $0.time < record.time }) ?? true else { return false }
            state.records[record.key] = record
            state.isChanged = true
            return true
        }
    }

    /// When the record that is held of a key was made; before all others where there is none.
    func time(of key: PublicKey) -> Timestamp {
        state.withLock { $0.records[key]?.time ?? Timestamp(microseconds: -1) }
    }

    /// Where a peer says that it is; nothing where that doesn't count any more.
    func addresses(of peer: PublicKey) -> [PeerAddress] { record(of: peer)?.addresses ?? [] }

    /// The record of a peer, as long as it counts.
    func record(of peer: PublicKey) -> AddressRecord? {
        let now = clock.now
        return state.withLock { state in state.records[peer].flatMap { $0.counts(at: now) ? $0 : nil } }
    }

    /// Lets go of records of those who aren't in the list any more.
    func keep(_ trust: TrustList) {
        let now = clock.now
        state.withLock { state in
            let kept = state.records.filter { trust.mayConnect($0.key, at: now) && now < $0.value.until }
            if kept.count != state.records.count {
                state.records = kept
                state.isChanged = true
            }
        }
    }
}
