internal import Bytes
internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// A BLOB's bytes, taken from SQLite's page at once: by way of `Data` it takes several times as long.
struct StoredBytes: DatabaseValueConvertible, StatementColumnConvertible {
    let bytes: [UInt8]

    init?(sqliteStatement: SQLiteStatement, index: CInt) {
        guard let bytes = unsafe Self.read(sqliteStatement, index, { unsafe [UInt8]($0) }) else { return nil }
        self.bytes = bytes
    }

    var databaseValue: DatabaseValue { Data(bytes).databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> StoredBytes? {
        guard case .blob(let data) = value.storage else { return nil }
        return StoredBytes(bytes: [UInt8](data))
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// What a column holds, where it is a BLOB; the bytes are there until the body ends.
    static func read<Value>(
        _ statement: SQLiteStatement,
        _ index: CInt,
        _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value? {
        guard unsafe sqlite3_column_type(statement, index) == SQLITE_BLOB else { return nil }
        // First the pointer, then the count (sqlite.org/c3ref/column_blob.html).
        let start = unsafe sqlite3_column_blob(statement, index)
        let count = unsafe Int(sqlite3_column_bytes(statement, index))
        return unsafe body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}

/// A BLOB of 32 bytes, taken from SQLite's page at once.
struct StoredBytes32: DatabaseValueConvertible, StatementColumnConvertible {
    let bytes: Bytes32

    init?(sqliteStatement: SQLiteStatement, index: CInt) {
        guard let read = unsafe StoredBytes.read(sqliteStatement, index, { unsafe Bytes32($0) }), let bytes = read
        else { return nil }
        self.bytes = bytes
    }

    var databaseValue: DatabaseValue { bytes.blob.databaseValue }

    static func fromDatabaseValue(_ value: DatabaseValue) -> StoredBytes32? {
        guard case .blob(let data) = value.storage, let bytes = Bytes32(data) else { return nil }
        return StoredBytes32(bytes: bytes)
    }

    private init(bytes: Bytes32) { self.bytes = bytes }
}
