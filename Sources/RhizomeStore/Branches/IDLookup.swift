internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// Finds deltas by their ids: by the first 8 bytes in `ids`, then by the whole in `deltas`.
enum IDLookup {
    /// How many ids one statement looks for.
    private static let chunk = 128

    private static let candidates = """
        SELECT d.position, d.id FROM ids i JOIN deltas d ON d.position = i.position WHERE i.prefix IN
        """

    /// The positions of those of these ids that are held.
    static func positions(_ ids: [DeltaID], _ db: Database) throws -> [DeltaID: Int64] {
        let wanted = Set(ids)
        // In order of the index, so that pages are read once.
        let sorted = wanted.map(\.bytes.prefixNumber).sorted()
        var positions: [DeltaID: Int64] = [:]
        for part in sorted.chunks(of: chunk) {
            // Powers of two: few statements to keep, and a number that repeats finds nothing twice.
            var width = 1
            while width < part.count { width *= 2 }
            let marks = Array(repeating: "?", count: width).joined(separator: ",")
            let statement = try db.cachedStatement(sql: "\(candidates) (\(marks))")
            let padded = part + Array(repeating: part[0], count: width - part.count)
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(padded))
            while let row = try rows.next() {
                let id = try row.id(1)
                if wanted.contains(id) { positions[id] = try row.ordinal(0) }
            }
        }
        return positions
    }

    /// The ids that are held and begin with some hex digits, in order.
    static func ids(beginningWith digits: String, limit: Int, _ db: Database) throws -> [DeltaID] {
        // A range of ids is one of their first 8 bytes, as numbers; those are signed, and so in another order.
        let pad = { (digit: String) in digits + String(repeating: digit, count: 64 - digits.utf8.count) }
        guard let first = DeltaID(hex: pad("0")), let last = DeltaID(hex: pad("f")) else { return [] }
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT d.id FROM ids i JOIN deltas d ON d.position = i.position
                WHERE i.prefix BETWEEN ? AND ? AND d.id BETWEEN ? AND ? ORDER BY d.id LIMIT ?
                """,
            arguments: [
                first.bytes.prefixNumber, last.bytes.prefixNumber, first.bytes.blob, last.bytes.blob, limit,
            ]
        )
        var ids: [DeltaID] = []
        while let row = try rows.next() { ids.append(try row.id(0)) }
        return ids
    }

    /// Which of these ids are held.
    static func held(_ ids: [DeltaID], _ db: Database) throws -> Set<DeltaID> { Set(try positions(ids, db).keys) }

    /// Where a delta stands; whose it is says its header alone.
    static func place(of id: DeltaID, _ db: Database) throws -> Place? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT d.author, d.branch, d.sequence FROM ids i JOIN deltas d ON d.position = i.position
                WHERE i.prefix = ? AND d.id = ?
                """
        )
        return try Row.fetchOne(statement, arguments: [id.bytes.prefixNumber, id.bytes.blob]).map { row in
            Place(author: try row.ordinal(0), branch: try row.ordinal(1), sequence: try row.ordinal(2))
        }
    }

    /// The headers of those of these deltas that are held.
    ///
    /// - Throws: `corrupt` where one isn't that of its id: then it says nothing about anybody.
    static func headers(_ ids: [DeltaID], _ db: Database) throws -> [DeltaID: SignedHeader] {
        let statement = try db.cachedStatement(sql: "SELECT header FROM deltas WHERE position = ?")
        var headers: [DeltaID: SignedHeader] = [:]
        for (id, position) in try positions(ids, db) {
            guard let row = try Row.fetchOne(statement, arguments: [position]) else { continue }
            headers[id] = try SignedHeader(stored: row.bytes(0), of: id)
        }
        return headers
    }

    /// The links to those of these deltas that are held.
    ///
    /// - Throws: as ``headers(_:_:)``.
    static func links(_ ids: [DeltaID], _ db: Database) throws -> [DeltaID: DeltaLink] {
        guard !ids.isEmpty else { return [:] }
        return try headers(ids, db).mapValues { DeltaLink($0) }
    }
}
