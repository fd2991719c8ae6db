internal import Bytes
internal import DeterministicCBOR
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import Sodium

/// The exclusive or of the hashes of all rows of some tables, kept in `store.recordsHash`.
///
/// Their rows change and go, so that they can't be hashed one after the other as deltas are. It finds what a failing disk
/// or a careless hand did to them. Who means it can write the hash, too: so what rests on such a row is more than the row
/// (a stall has its proof).
struct RecordsHash {
    /// A table whose rows are covered, by its columns.
    enum Table: String, CaseIterable {
        case cursors
        case stalls

        var columns: String {
            switch self {
            case .cursors: "name, position"
            case .stalls: "stall, version, id, header, reason"
            }
        }
    }

    private(set) var bytes = Bytes32(repeating: 0)

    /// The hash of all rows as they lie there.
    init(of db: Database) throws { for table in Table.allCases { try toggle(table, "true", [], db) } }

    private init(bytes: Bytes32) { self.bytes = bytes }

    /// What the store says of itself.
    static func stored(_ db: Database) throws -> Bytes32? {
        try Row.fetchOne(db, sql: "SELECT recordsHash FROM store")?.bytes32(0)
    }

    /// Keeps the hash up to date with what `body` changes.
    static func changing(_ db: Database, _ body: (inout RecordsHash) throws -> Void) throws {
        var hash = RecordsHash(bytes: try stored(db) ?? Bytes32(repeating: 0))
        try body(&hash)
        try db.execute(sql: "UPDATE store SET recordsHash = ?", arguments: [hash.bytes.blob])
    }

    /// Takes rows in, or out where they were in: SHA-256 over the CBOR array [table, column…].
    mutating func toggle(
        _ table: Table,
        _ condition: String,
        _ arguments: StatementArguments,
        _ db: Database
    ) throws {
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT \(table.columns) FROM \(table.rawValue) WHERE \(condition)"),
            arguments: arguments
        )
        while let row = try rows.next() {
            var writer = CBORWriter()
            writer.array(row.count + 1)
            writer.text(Text(table.rawValue))
            for column in 0..<row.count {
                switch (row[column] as DatabaseValue).storage {
                case .int64(let number): writer.integer(number)
                case .blob(let data): writer.byteString(data)
                case .null, .double, .string:
                    throw DeltaLogError(
                        .corrupt,
                        "a row of \(table.rawValue) holds what can't be there; run rhizome-node audit"
                    )
                }
            }
            let hash = SHA256.hash(writer.bytes).array
            bytes = Bytes32(zip(bytes.array, hash).map { $0 ^ $1 }) ?? bytes
        }
    }
}
