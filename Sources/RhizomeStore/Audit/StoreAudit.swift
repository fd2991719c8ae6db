internal import Bytes
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// One run through a state of the store: each entry is verified on all cores, while what finds entries is read in the order
/// in which it lies there, and held against what they say.
///
/// Holds 16 MiB of entries at a time, some 90 bytes for each delta, and 10 to 22 for each entity to which an author refers
/// by a local context.
final class StoreAudit {
    /// An entry as it lies in the tables, with where it is filed.
    private struct Filed: Sendable {
        let entry: LogEntry
        let place: Place
        let timeCreated: Timestamp
        /// What of it isn't there, or isn't what it can be.
        let faults: [String]
    }

    /// What was found of a page of entries, on whatever core.
    private struct Page: Sendable {
        var entries: [(examined: ExaminedEntry, place: Place)] = []
        var faults: [(position: Int64, author: Int64, message: String)] = []
        var expected: ExpectedRows
    }

    /// Through whom entries came.
    private struct Origin {
        let receivedFrom: PublicKey?
        let trustStatement: Bytes32?
    }

    private static let pageBytes = max(64 << 10, (16 << 20) / OrderedWork<Page>.limit)
    /// About twice as many as an entry has.
    private static let indexRowsAnEntry = 10

    private let db: Database
    private let since: Int64
    private let count: Int64
    private let isListed: @Sendable (PublicKey, Arrival) -> Bool
    private let progress: @Sendable (AuditProgress) -> Void
    private let hashing: RowHashing
    private let keys: [Int64: PublicKey]

    private var audit: Audit
    private var findings: IndexFindings
    private var branches: BranchCheck
    private var expected = IndexSums()
    private var firsts = HashSet()
    private var origins: [Int64: Origin?] = [:]
    private var isDifferent = false
    private var bodies: StatementRows
    private var nextBody: Int64?
    private var lastHash = RunningHash.start
    /// The running hash before the page that is handed in next.
    private var hashBefore = RunningHash.start
    private var lastPosition: Int64 = 0
    private var entryCount: Int64 = 0
    private let work = OrderedWork<Page>()

    /// - Parameters:
    ///   - since: entries up to this position aren't verified, nor held against what finds them; from 0.
    ///   - isListed: whether an author's delta that came so could be let in by the trusted-peer list of then.
    ///   - progress: called now and then, on the reader's thread.
    init(
        _ db: Database,
        since: Int64,
        isListed: @escaping @Sendable (PublicKey, Arrival) -> Bool,
        progress: @escaping @Sendable (AuditProgress) -> Void
    ) throws {
        self.db = db
        self.since = since
        self.isListed = isListed
        self.progress = progress
        count = try SQLiteDeltaLog.currentMark(db).position
        hashing = try RowHashing()
        var keys: [Int64: PublicKey] = [:]
        let names = try StatementRows("SELECT author, key FROM authors ORDER BY author", db)
        while try names.next() {
            guard let number = names.integer(0) else { continue }
            keys[number] = names.bytes32(1).map { PublicKey($0) }
        }
        self.keys = keys
        findings = IndexFindings(keys: keys)
        audit = Audit(expecting: count)
        branches = BranchCheck(db)
        bodies = try StatementRows(
            "SELECT position, body FROM bodies WHERE position > ? ORDER BY position",
            db,
            [since]
        )
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - others: what was found by other means, told first.
    ///   - stalls: what the log noted as fitting nowhere.
    func run(others: [AuditFinding], stalls: [Stall]) throws -> AuditReport {
        audit.add(others)
        do {
            try look()
        } catch {
            let error = DeltaLogError(store: error)
            guard error == DeltaLogError(.corrupt, "") else { throw error }
            audit.add([AuditFinding(.database, position: lastPosition + 1, error.message)])
        }
        audit.add(findings.list)
        return audit.report(count: count, stalls: stalls)
    }

    private func look() throws {
        let scan = since == 0 ? try IndexScan(hashing, db) : nil
        var isScanned = scan == nil
        let rows = try StatementRows(
            """
            SELECT position, id, author, branch, sequence, timeCreated, timeReceived, origin, runningHash, header
            FROM deltas ORDER BY position
            """,
            db
        )
        var page: [Filed] = []
        var left = Self.pageBytes
        func handIn() throws {
            guard !page.isEmpty else { return }
            // The indexes are read while the cores verify, so that none waits for that at the end.
            if let scan, !isScanned { isScanned = try !scan.step(rows: page.count * Self.indexRowsAnEntry) }
            if work.isFull { try takePage() }
            add(page)
            page = []
            left = Self.pageBytes
        }
        while try rows.next() {
            guard let filed = try filed(rows) else { continue }
            left -= filed.entry.weight
            if left < 0 { try handIn() }
            page.append(filed)
        }
        try handIn()
        if let scan, !isScanned { while try scan.step(rows: .max) {} }
        while try takePage() {}
        if try bodies.next() { findings.add("bodies has rows of deltas that aren't held") }
        try checkTotals()
        try branches.finish(&findings)
        if let scan { try compare(scan) }
    }

    // MARK: - Reading

    private func filed(_ rows: StatementRows) throws -> Filed? {
        var faults: [String] = []
        func integer(_ column: CInt, _ name: String) -> Int64 {
            if let number = rows.integer(column) { return number }
            faults.append("\(name) is no number")
            return 0
        }
        func bytes32(_ column: CInt, _ name: String) -> Bytes32 {
            if let bytes = rows.bytes32(column) { return bytes }
            faults.append("\(name) has no 32 bytes")
            return Bytes32(repeating: 0)
        }
        let position = integer(0, "its position")
        let hash = bytes32(8, "its running hash")
        defer {
            lastPosition = position
            lastHash = hash
            entryCount += 1
        }
        let place = Place(
            author: integer(2, "its author"),
            branch: integer(3, "its branch"),
            sequence: integer(4, "its sequence")
        )
        let body = position > since ? try body(at: position) : []
        if body == nil { faults.append("the body is gone") }
        let time = Timestamp(microseconds: integer(6, "when it came"))
        let origin = try origin(integer(7, "through whom it came"))
        if origin == nil { faults.append("through whom it came is gone") }
        let header = rows.bytes(9)
        if header == nil { faults.append("its header is no bytes") }
        let entry = LogEntry(
            position: position,
            id: DeltaID(bytes32(1, "its id")),
            header: header ?? [],
            body: body ?? [],
            arrival: Arrival(
                timeReceived: time,
                receivedFrom: origin?.receivedFrom,
                trustStatement: origin?.trustStatement
            ),
            runningHash: hash
        )
        let timeCreated = Timestamp(microseconds: integer(5, "its time"))
        return Filed(entry: entry, place: place, timeCreated: timeCreated, faults: faults)
    }

    /// The body of an entry, whose position is above all that were asked for.
    private func body(at position: Int64) throws -> [UInt8]? {
        while true {
            if nextBody == nil {
                guard try bodies.next() else { return nil }
                guard let next = bodies.integer(0) else { continue }
                nextBody = next
            }
            guard let next = nextBody, next <= position else { return nil }
            nextBody = nil
            if next == position { return bodies.bytes(1) ?? [] }
            findings.add("bodies has a row of a delta that isn't held", at: next)
        }
    }

    /// Through whom entries came, as far as such a row is there.
    private func origin(_ number: Int64) throws -> Origin? {
        if let known = origins[number] { return known }
        let rows = try StatementRows(
            "SELECT receivedFrom, trustStatement FROM origins WHERE origin = ?",
            db,
            [number]
        )
        var origin: Origin?
        if try rows.next() {
            for column: CInt in 0..<2 where !rows.isNull(column) && rows.bytes32(column) == nil {
                findings.add("origin \(number) of the store is no key or statement")
            }
            origin = Origin(
                receivedFrom: rows.bytes32(0).map { PublicKey($0) },
                trustStatement: rows.bytes32(1)
            )
        }
        origins[number] = origin
        return origin
    }

    // MARK: - Verifying

    private func add(_ page: [Filed]) {
        let (before, since, keys, hashing) = (hashBefore, since, keys, hashing)
        hashBefore = page.last?.entry.runningHash ?? before
        work.add {
            var result = Page(expected: ExpectedRows(hashing))
            result.entries.reserveCapacity(page.count)
            var hash = before
            for filed in page {
                Self.examine(filed, after: hash, isKnown: filed.entry.position <= since, keys, &result)
                hash = filed.entry.runningHash
            }
            return result
        }
    }

    private static func examine(
        _ filed: Filed,
        after hash: Bytes32,
        isKnown: Bool,
        _ keys: [Int64: PublicKey],
        _ page: inout Page
    ) {
        let (entry, place) = (filed.entry, filed.place)
        let examined: ExaminedEntry
        if isKnown {
            examined = ExaminedEntry(known: entry, after: hash)
        } else {
            examined = ExaminedEntry(examining: entry, after: hash) { body, link in
                let moment = WordMoment(time: link.timeCreated, id: entry.id)
                page.expected.add(body, author: place.author, moment: moment, position: entry.position)
            }
            page.expected.add(entry.id, at: entry.position, place)
        }
        func find(_ message: String) { page.faults.append((entry.position, place.author, message)) }
        filed.faults.forEach(find)
        if let link = examined.link {
            if keys[place.author] != link.author { find("it is filed under another author") }
            if place.sequence != link.sequence { find("it is filed under another sequence") }
            if filed.timeCreated != link.timeCreated { find("it is filed under another time") }
        }
        page.entries.append((examined, place))
    }

    /// Takes the next page in.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    private func takePage() throws -> Bool {
        guard let page = work.next() else { return false }
        for fault in page.faults { findings.add(fault.message, at: fault.position, of: fault.author) }
        for (examined, place) in page.entries {
            // What lies beyond what the store says that it holds is told below, as a whole.
            if examined.position <= count { audit.add(examined, isListed: isListed) }
            guard let link = examined.link else { continue }
            try branches.add(examined.filedID, after: link.previous, at: examined.position, place, &findings)
        }
        expected.add(page.expected.sums)
        for reference in page.expected.references where !firsts.isFull && firsts.insert(reference.key) {
            expected.collections &+= hashing.row(reference.key, reference.position)
        }
        let position = page.entries.last?.examined.position ?? 0
        progress(AuditProgress(done: max(0, position - since), total: max(0, count - since)))
        return true
    }

    // MARK: - The tables as wholes

    private func checkTotals() throws {
        let mark = try SQLiteDeltaLog.currentMark(db)
        if mark.position != entryCount || lastPosition != entryCount {
            findings.add(
                "the store says that it holds \(mark.position) deltas; it has \(entryCount), the last at \(lastPosition)"
            )
        }
        if mark.runningHash != lastHash { findings.add("the store's running hash isn't that of its last delta") }
        let used = Int64(origins.values.count { $0 != nil })
        let found = try Int64.fetchOne(db, sql: "SELECT count(*) FROM origins") ?? 0
        if found != used { findings.add("origins has \(found) rows, where \(used) belong") }
        if try RecordsHash(of: db).bytes != RecordsHash.stored(db) {
            findings.add("cursors or stalls aren't what was noted")
        }
    }

    private func compare(_ scan: IndexScan) throws {
        expected.collections &+= scan.expectedCollections
        guard scan.isWrong || scan.found != expected || firsts.isFull else { return }
        var check = IndexCheck(db)
        try check.run(&findings)
    }
}
