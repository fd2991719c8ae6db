public import Bytes
internal import DeterministicCBOR
internal import GRDB
internal import RhizomeCore
internal import Sodium

/// What was found when a store was held against the witness outside of it (`data/store.seen`).
public struct StoreIncident: Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no witness, though the store holds deltas; whoever opens it to write makes it anew.
        case witnessMissing
        /// The witness is no such file.
        case witnessUnreadable
        /// The witness knows another store: this one was put in its place, or made anew.
        case otherStore
        /// The store held more deltas once: rows were removed, or an older copy was put back.
        case behind
        /// At the witness's position the store holds another history.
        case otherHistory
        /// What was found at earlier openings isn't on record any more.
        case incidentsChanged
    }

    /// What is wrong.
    public let code: Code
    /// What was found and what it may mean.
    public let message: String
    /// When, µs since 1970.
    public let time: Timestamp
}

/// How far the record of incidents goes: what the witness keeps of it.
struct IncidentMark: Hashable, Sendable {
    /// How many there are.
    let count: Int64
    /// SHA-256 over the CBOR array [hash before, number, time, code, message] of the last one; 32 zeros before the first.
    let hash: Bytes32

    init(count: Int64, hash: Bytes32) {
        self.count = count
        self.hash = hash
    }

    /// Reads the record, or its start.
    ///
    /// - Complexity: O(*n*) in the incidents, of which an opening adds one at most.
    init(_ db: Database, upTo limit: Int64 = .max) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT incident, time, code, message FROM incidents ORDER BY incident LIMIT ?",
            arguments: [limit]
        )
        var count: Int64 = 0
        var hash = RunningHash.start
        while let row = try rows.next() {
            var writer = CBORWriter()
            writer.array(5)
            writer.byteString(hash)
            for column in 0..<2 { writer.integer(try row.integer(column)) }
            for column in 2..<4 { writer.byteString(try row.bytes(column)) }
            hash = SHA256.hash(writer.bytes)
            count += 1
        }
        self.init(count: count, hash: hash)
    }
}
