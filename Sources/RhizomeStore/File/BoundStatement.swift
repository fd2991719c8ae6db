internal import Bytes
internal import GRDB
internal import GRDBSQLite
internal import RhizomeCore

/// A statement of the writer whose values are bound one after the other, as they are.
///
/// GRDB's arguments are lists of boxed values that are checked and copied before each execution: that takes longer than
/// to write the row. For statements that nobody executes with GRDB's arguments.
struct BoundStatement {
    /// Binds the values of one execution, the first first; lent for that.
    @safe struct Values {
        fileprivate let statement: SQLiteStatement
        fileprivate var count: CInt = 0
        fileprivate var status = SQLITE_OK

        mutating func bind(_ number: Int64) {
            count += 1
            note(unsafe sqlite3_bind_int64(statement, count, number))
        }

        mutating func bind(_ bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { unsafe bind($0) }
        }

        mutating func bind(_ bytes: Bytes32) { bind(bytes.array) }

        /// NULL where there are none.
        mutating func bind(_ bytes: Bytes32?) {
            if let bytes { return bind(bytes) }
            count += 1
            note(unsafe sqlite3_bind_null(statement, count))
        }

        mutating func bind(_ text: Text) {
            var string = text.string
            string.withUTF8 { unsafe bind(UnsafeRawBufferPointer($0)) }
        }

        /// SQLite copies the bytes at once.
        private mutating func bind(_ bytes: UnsafeRawBufferPointer) {
            count += 1
            guard let start = bytes.baseAddress, bytes.count > 0 else {
                // An empty BLOB: without an address it would be NULL.
                return note(unsafe sqlite3_bind_zeroblob(statement, count, 0))
            }
            let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            note(unsafe sqlite3_bind_blob64(statement, count, start, UInt64(bytes.count), transient))
        }

        private mutating func note(_ status: CInt) { if self.status == SQLITE_OK { self.status = status } }
    }

    private let statement: Statement
    private let db: Database

    init(_ sql: String, _ db: Database) throws {
        statement = try db.cachedStatement(sql: sql)
        self.db = db
    }

    /// Executes it.
    ///
    /// - Parameter bind: binds all of its values.
    /// - Throws: `DatabaseError`.
    func run(_ bind: (inout Values) -> Void) throws {
        _ = try unsafe step(bind) { _ in }
    }

    /// The number that it finds first; `nil` where it finds none.
    ///
    /// - Throws: `DatabaseError`, `corrupt` where it isn't a number.
    func number(_ bind: (inout Values) -> Void) throws -> Int64? {
        let found = try unsafe step(bind) { statement -> Int64? in
            guard unsafe sqlite3_column_type(statement, 0) == SQLITE_INTEGER else { return nil }
            return unsafe sqlite3_column_int64(statement, 0)
        }
        guard let found else { return nil }
        guard let number = found else {
            throw DeltaLogError(.corrupt, "the store has a number of the wrong kind; run rhizome-node audit")
        }
        return number
    }

    private func step<Value>(
        _ bind: (inout Values) -> Void,
        _ read: (SQLiteStatement) -> Value
    ) throws -> Value? {
        let handle = unsafe statement.sqliteStatement
        var values = unsafe Values(statement: handle)
        bind(&values)
        precondition(unsafe values.count == sqlite3_bind_parameter_count(handle), "each value is bound")
        var status = values.status
        var value: Value?
        if status == SQLITE_OK {
            status = unsafe sqlite3_step(handle)
            if status == SQLITE_ROW { value = unsafe read(handle) }
        }
        guard status == SQLITE_DONE || status == SQLITE_ROW else {
            let error = DatabaseError(resultCode: db.lastErrorCode, message: db.lastErrorMessage, sql: statement.sql)
            unsafe sqlite3_reset(handle)
            throw error
        }
        unsafe sqlite3_reset(handle)
        return value
    }
}

extension Database {
    /// The number of what has one, or else of what is added.
    ///
    /// - Parameter bind: binds the values of either statement.
    func number(finding: String, adding: String, _ bind: (inout BoundStatement.Values) -> Void) throws -> Int64 {
        if let number = try BoundStatement(finding, self).number(bind) { return number }
        try BoundStatement(adding, self).run(bind)
        return lastInsertedRowID
    }

    /// Inserts rows.
    ///
    /// - Parameters:
    ///   - isKnownIgnored: whether a row whose key is there already is left as it is; it is an error else.
    ///   - bind: binds a row's values, in the order of the columns.
    func insert<Row>(
        _ rows: [Row],
        into table: String,
        _ columns: [String],
        isKnownIgnored: Bool = false,
        _ bind: (Row, inout BoundStatement.Values) -> Void
    ) throws {
        // Preparing and ending a statement takes longer than a row itself.
        let rowsAtOnce = 32
        let row = "(\(Array(repeating: "?", count: columns.count).joined(separator: ", ")))"
        func statement(rows: Int) throws -> BoundStatement {
            let rows = Array(repeating: row, count: rows).joined(separator: ", ")
            let insert = isKnownIgnored ? "INSERT OR IGNORE" : "INSERT"
            return try BoundStatement(
                "\(insert) INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(rows)",
                self
            )
        }
        let whole = rows.count - rows.count % rowsAtOnce
        if whole > 0 {
            let many = try statement(rows: rowsAtOnce)
            for start in stride(from: 0, to: whole, by: rowsAtOnce) {
                try many.run { values in
                    for row in rows[start..<start + rowsAtOnce] { bind(row, &values) }
                }
            }
        }
        // Of the rest each on its own, so that there are two statements and not one for each number of rows.
        guard whole < rows.count else { return }
        let one = try statement(rows: 1)
        for row in rows[whole...] { try one.run { bind(row, &$0) } }
    }
}
