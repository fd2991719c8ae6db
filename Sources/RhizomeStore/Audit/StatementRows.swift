internal import Bytes
internal import GRDB
internal import GRDBSQLite
internal import RhizomeCore

/// Rows of a statement one after the other, read by SQLite's own calls.
///
/// By way of GRDB's rows a number takes several times as long, and an audit reads all that a store holds. A column that
/// holds something else than asked for is `nil`: an audit goes on.
final class StatementRows {
    private let statement: Statement
    private let db: Database

    /// - Parameter arguments: the numbers of the statement's parameters.
    init(_ sql: String, _ db: Database, _ arguments: [Int64] = []) throws {
        // None of the kept ones: several of these are open at a time.
        statement = try db.makeStatement(sql: sql)
        self.db = db
        for (place, number) in arguments.enumerated() {
            guard unsafe sqlite3_bind_int64(statement.sqliteStatement, CInt(place + 1), number) == SQLITE_OK else {
                throw error
            }
        }
    }

    private var error: DatabaseError {
        DatabaseError(resultCode: db.lastErrorCode, message: db.lastErrorMessage, sql: statement.sql)
    }

    /// Goes to the next row, or to the first.
    ///
    /// - Returns: whether there is one.
    /// - Throws: `DatabaseError`.
    func next() throws -> Bool {
        switch unsafe sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw error
        }
    }

    func isNull(_ column: CInt) -> Bool {
        unsafe sqlite3_column_type(statement.sqliteStatement, column) == SQLITE_NULL
    }

    func integer(_ column: CInt) -> Int64? {
        guard unsafe sqlite3_column_type(statement.sqliteStatement, column) == SQLITE_INTEGER else { return nil }
        return unsafe sqlite3_column_int64(statement.sqliteStatement, column)
    }

    func bytes(_ column: CInt) -> [UInt8]? {
        unsafe StoredBytes.read(statement.sqliteStatement, column) { unsafe [UInt8]($0) }
    }

    func bytes32(_ column: CInt) -> Bytes32? {
        unsafe StoredBytes.read(statement.sqliteStatement, column) { unsafe Bytes32($0) } ?? nil
    }

    /// The hash of a name that is stored as its bytes.
    func name(_ column: CInt, _ hashing: RowHashing) -> Int64? {
        unsafe StoredBytes.read(statement.sqliteStatement, column) { unsafe hashing.name($0) }
    }
}
