public import Bytes
internal import DeterministicCBOR
internal import Dispatch
internal import Foundation
internal import GRDB
internal import HomeFiles
internal import Locks
public import RhizomeCore
internal import Sodium

/// The delta log on SQLite, in `store.sqlite` of a data folder (spec: house.md, "The store").
///
/// What ``write(_:)`` has appended when it returns survives `kill -9` and a power loss. One process at a time writes, which
/// `lock` in the same folder sees to; others may read at the same time. Nothing is loaded at the start that grows with
/// the store. All calls wait on the store's own queues but for what is read within 1 ms: see ``read(_:)``.
public final class SQLiteDeltaLog: DeltaLog {
    /// How a store is opened.
    public struct Options: Sendable {
        /// How long the witness outside the store may lag behind it; zero writes it with each append.
        public var witnessInterval: Duration = .seconds(1)
        /// How many reads run at the same time: more than the requests of one peer.
        ///
        /// Each may take 2 MiB for its pages.
        public var readerCount = 8
        /// How many KiB of pages the writer keeps in memory.
        public var writerCacheKiB = 32 * 1024

        /// The options that a node uses.
        public init() {}
    }

    static let lockName = "lock"
    private static let busySeconds: TimeInterval = 10

    /// 16 bytes.
    public let epoch: [UInt8]
    /// What was found at this opening when the store was held against its witness; none where all is well.
    ///
    /// It has been recorded among the ``incidents()`` and the store goes on under a new ``epoch``, unless it was opened
    /// for reading alone.
    public let witnessFinding: StoreIncident?

    let pool: DatabasePool
    let version: String
    let caches = Lock(AppendCaches())
    /// What readers remember.
    let names = NameCache()
    /// Places for readings that take long: half of the connections for reading, at most, so that a look-up of admission
    /// needn't wait for their end.
    let longReadings: Budget
    let shortReadings: ShortReadings
    private let witness: StoreWitness?
    private let lock: Lock<FileLock?>

    private init(
        pool: DatabasePool,
        version: String,
        epoch: [UInt8],
        witnessFinding: StoreIncident?,
        witness: StoreWitness?,
        lock: FileLock?
    ) {
        self.pool = pool
        self.version = version
        self.epoch = epoch
        self.witnessFinding = witnessFinding
        self.witness = witness
        self.lock = Lock(lock)
        shortReadings = ShortReadings(from: pool)
        longReadings = Budget(limit: max(1, pool.configuration.maximumReaderCount / 2))
    }

    // MARK: - Opening and closing

    /// Opens the store in a data folder, making both where they are missing.
    ///
    /// - Parameters:
    ///   - path: the data folder, mode 0700.
    ///   - version: the software's, for stalls.
    ///   - now: µs since 1970, for what is found at opening.
    /// - Throws: ``DeltaLogError``: `locked`, naming the process that has it open; `newer`; `corrupt`; `notAllowed`; `disk`, also
    ///   where SQLite would not write through to the disk.
    public static func open(
        folder path: String,
        version: String,
        now: Timestamp,
        options: Options = Options()
    ) throws -> SQLiteDeltaLog {
        do {
            let folder = try HomeFolder.create(path, isLinkFollowed: false)
            let lock = try folder.lock(lockName, for: "rhizome", patience: .zero)
            let seen = Result { try StoreWitness.read(in: folder) }
            guard let file = try StoreFile(in: folder, creating: true) else { throw noStore(in: path) }
            try checkSchema(file, options)
            let pool = try DatabasePool(path: file.path, configuration: configuration(options, file))
            try StoreSchema.migrator.migrate(pool)
            try setDurability(pool, options)
            let (mark, incidents, found) = try pool.write { db in try settle(db, seen: seen, now: now) }
            let witness = StoreWitness(folder: folder, incidents: incidents, interval: options.witnessInterval)
            witness.note(mark)
            witness.write()
            return SQLiteDeltaLog(
                pool: pool,
                version: version,
                epoch: mark.epoch,
                witnessFinding: found,
                witness: witness,
                lock: lock
            )
        } catch {
            throw DeltaLogError(opening: error)
        }
    }

    /// Opens the store in a data folder to read it, while a node runs or not; nothing is locked or changed.
    ///
    /// - Throws: ``DeltaLogError``: `missing` where there is none, `newer`, `corrupt`, `notAllowed`, `disk`.
    public static func openForReading(
        folder path: String,
        version: String,
        now: Timestamp,
        options: Options = Options()
    ) throws -> SQLiteDeltaLog {
        do {
            let folder: HomeFolder
            do throws(FileError) {
                folder = try HomeFolder.open(path, isLinkFollowed: false)
            } catch {
                if error.code == .missing { throw noStore(in: path) }
                throw error
            }
            // Read before the store: a running node commits first and marks then.
            let seen = Result { try StoreWitness.read(in: folder) }
            guard let file = try StoreFile(in: folder, creating: false) else { throw noStore(in: path) }
            let pool = try openReader(file, options)
            let (mark, found) = try pool.read { db in
                try SchemaCheck.run(db)
                guard try StoreSchema.migrator.hasCompletedMigrations(db) else {
                    throw DeltaLogError(.corrupt, "the store was made by an older version; run the node once first")
                }
                let mark = try currentMark(db)
                return (mark, try finding(db, mark, seen: seen, now: now))
            }
            return SQLiteDeltaLog(
                pool: pool,
                version: version,
                epoch: mark.epoch,
                witnessFinding: found,
                witness: nil,
                lock: nil
            )
        } catch {
            throw DeltaLogError(opening: error)
        }
    }

    private static func noStore(in path: String) -> DeltaLogError {
        DeltaLogError(.missing, "there is no store in \(path) yet; a node makes one when it first runs")
    }

    /// Opens all connections that reads may use, with the descriptors that they need: they must be there when others have
    /// taken all that the process may have (spec: peering.md).
    ///
    /// Without it they are opened as they are needed.
    ///
    /// - Throws: `disk`.
    public func openReaders() async throws {
        do { try shortReadings.open() } catch { throw DeltaLogError(store: error) }
        let count = pool.configuration.maximumReaderCount
        let meeting = Meeting(of: count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        // On the connection's own queue: only who holds one makes another one open.
                        try await self.read { (_: Database) in meeting.wait(seconds: Self.busySeconds) }
                    } catch {
                        // The others needn't wait for this one.
                        meeting.end()
                        throw error
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Where several threads wait for each other.
    ///
    /// No `DispatchGroup`: one that is let go of before all have left it, as where a connection can't be opened, ends the
    /// process.
    private final class Meeting: Sendable {
        private let members: Int
        private let arrived = Lock(0)
        private let all = DispatchSemaphore(value: 0)

        init(of members: Int) { self.members = members }

        func wait(seconds: TimeInterval) {
            let isLast = arrived.withLock { arrived in
                arrived += 1
                return arrived == members
            }
            if isLast { end() }
            _ = all.wait(timeout: .now() + seconds)
        }

        func end() { for _ in 0..<members { all.signal() } }
    }

    /// Closes the store: everything is written back, and the next process may open it.
    ///
    /// Calls that come later throw. Without it the lock goes with the last reference, and the store takes up its
    /// write-ahead log at the next opening.
    ///
    /// - Throws: `disk`.
    public func close() throws {
        do {
            witness?.close()
            try shortReadings.close()
            // The writer has to be the last to go, or SQLite leaves the write-ahead log behind (GRDB.swift#739).
            pool.invalidateReadOnlyConnections()
            try pool.close()
            lock.withLock { $0 = nil }
        } catch {
            throw DeltaLogError(store: error)
        }
    }

    /// Whether the store was opened for reading alone.
    var isReadOnly: Bool { witness == nil }

    private static func configuration(_ options: Options, _ file: StoreFile) -> Configuration {
        var configuration = Configuration()
        configuration.label = "rhizome.store"
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(busySeconds)
        configuration.maximumReaderCount = options.readerCount
        configuration.prepareDatabase { db in
            // Before anything is read.
            try file.checkOpened()
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
            try db.execute(sql: "PRAGMA cell_size_check = ON")
        }
        return configuration
    }

    /// Refuses a store of a newer program, or with another schema than ours, before anything of it is touched.
    private static func checkSchema(_ file: StoreFile, _ options: Options) throws {
        var configuration = configuration(options, file)
        configuration.readonly = true
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        try queue.read { try SchemaCheck.run($0) }
        try queue.close()
    }

    /// Opens connections for reading, if need be of a folder that can't be written.
    private static func openReader(_ file: StoreFile, _ options: Options) throws -> DatabasePool {
        var configuration = configuration(options, file)
        configuration.readonly = true
        do {
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            _ = try pool.read { db in try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") }
            return pool
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            guard !file.hasLog else { throw error }
            // SQLite wants to make the write-ahead log's index beside the store. With no such log there is nothing that
            // a reader could miss, and SQLite can be told so (sqlite.org/uri.html, "immutable").
            let characters = CharacterSet(charactersIn: "/").union(.alphanumerics)
            guard let escaped = file.path.addingPercentEncoding(withAllowedCharacters: characters) else { throw error }
            return try DatabasePool(path: "file:\(escaped)?immutable=1", configuration: configuration)
        }
    }

    /// Sets what the writer needs and reads back what decides about power loss.
    private static func setDurability(_ pool: DatabasePool, _ options: Options) throws {
        // Here and not while the connection is prepared: GRDB sets NORMAL after that.
        let synchronous = try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 16000")
            try db.execute(sql: "PRAGMA cache_size = -\(options.writerCacheKiB)")
            // A checkpoint that catches up gives the disk its room back.
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            return try Int.fetchOne(db, sql: "PRAGMA synchronous")
        }
        guard synchronous == 2 else {
            throw DeltaLogError(
                .disk,
                "SQLite would not write through to the disk (synchronous is \(synchronous ?? -1), not 2)"
            )
        }
    }

    // MARK: - The witness

    /// Where the store stands.
    static func currentMark(_ db: Database) throws -> StoreMark {
        let statement = try db.cachedStatement(sql: "SELECT epoch, count, runningHash FROM store")
        guard let row = try Row.fetchOne(statement) else { throw lostRow }
        return StoreMark(epoch: try row.bytes(0), position: try row.ordinal(1), runningHash: try row.bytes32(2))
    }

    /// How many deltas the store holds: less work than ``currentMark(_:)``.
    static func currentCount(_ db: Database) throws -> Int64 {
        guard let row = try Row.fetchOne(db.cachedStatement(sql: "SELECT count FROM store")) else { throw lostRow }
        return try row.ordinal(0)
    }

    private static var lostRow: DeltaLogError {
        DeltaLogError(.corrupt, "the store has lost the row that describes it; put a backup in its place")
    }

    /// Gives a new store its epoch, holds an old one against its witness, and records what is found.
    private static func settle(
        _ db: Database,
        seen: Result<StoreSighting?, any Error>,
        now: Timestamp
    ) throws -> (mark: StoreMark, incidents: IncidentMark, finding: StoreIncident?) {
        let isNew = try Int64.fetchOne(db, sql: "SELECT count(*) FROM store") == 0
        if isNew {
            try db.execute(
                sql: "INSERT INTO store (one, epoch, count, runningHash) VALUES (1, ?, 0, ?)",
                arguments: [Data(try randomBytes(count: 16)), RunningHash.start.blob]
            )
        }
        let mark = try currentMark(db)
        guard let found = try finding(db, mark, seen: seen, now: now) else { return (mark, try IncidentMark(db), nil) }
        // Positions that were given may be given again: whoever kept one has to see that this is another history.
        let epoch = try randomBytes(count: 16)
        try db.execute(sql: "UPDATE store SET epoch = ?", arguments: [Data(epoch)])
        try db.execute(
            sql: "INSERT INTO incidents (time, code, message) VALUES (?, ?, ?)",
            arguments: [now.microseconds, Data(found.code.rawValue.utf8), Data(found.message.utf8)]
        )
        let renamed = StoreMark(epoch: epoch, position: mark.position, runningHash: mark.runningHash)
        return (renamed, try IncidentMark(db), found)
    }

    private static func finding(
        _ db: Database,
        _ mark: StoreMark,
        seen: Result<StoreSighting?, any Error>,
        now: Timestamp
    ) throws -> StoreIncident? {
        func incident(_ code: StoreIncident.Code, _ message: String) -> StoreIncident {
            StoreIncident(code: code, message: message, time: now)
        }
        let sighting: StoreSighting
        do {
            guard let found = try seen.get() else {
                guard mark.position > 0 else { return nil }
                return incident(
                    .witnessMissing,
                    "\(StoreWitness.fileName) was missing: whether deltas had been removed from the store's end can't be told"
                )
            }
            sighting = found
        } catch {
            return incident(.witnessUnreadable, "\(StoreWitness.fileName) can't be read: \(error)")
        }
        let witness = sighting.mark
        guard witness.epoch == mark.epoch else {
            return incident(
                .otherStore,
                "this store, of \(mark.position) deltas, isn't the one that was last used here, of \(witness.position)"
            )
        }
        guard witness.position <= mark.position else {
            return incident(
                .behind,
                "the store held \(witness.position) deltas and now holds \(mark.position): an older copy was put back, or "
                    + "deltas were removed"
            )
        }
        let hash =
            witness.position == 0
            ? RunningHash.start
            : try Row.fetchOne(
                db,
                sql: "SELECT runningHash FROM deltas WHERE position = ?",
                arguments: [witness.position]
            )?.bytes32(0)
        guard hash == witness.runningHash else {
            return incident(
                .otherHistory,
                "at position \(witness.position) the store holds another history than it did"
            )
        }
        if let known = sighting.incidents, try IncidentMark(db, upTo: known.count) != known {
            return incident(
                .incidentsChanged,
                "\(known.count) findings of earlier openings were on record, and aren't all there as they were"
            )
        }
        return nil
    }

    /// What was found at openings of this store, this one included, oldest first.
    public func incidents() async throws -> [StoreIncident] { try await recordedIncidents() + unrecordedIncidents }

    /// What was found at this opening and isn't on record, since the store was opened for reading alone.
    var unrecordedIncidents: [StoreIncident] { isReadOnly ? witnessFinding.map { [$0] } ?? [] : [] }

    /// What is on record.
    func recordedIncidents() async throws -> [StoreIncident] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT time, code, message FROM incidents ORDER BY incident").map { row in
                StoreIncident(
                    code: StoreIncident.Code(rawValue: try row.text(1).string) ?? .otherHistory,
                    message: try row.text(2).string,
                    time: try row.timestamp(0)
                )
            }
        }
    }

    // MARK: - Access

    /// Reads one state of the store, on one of its queues.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await pool.read(body)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw DeltaLogError(store: error)
        }
    }

    /// Writes in one transaction, on the writer's queue.
    func transact<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        guard !isReadOnly else { throw DeltaLogError(.locked, "the store was opened for reading alone") }
        do {
            return try await pool.write(body)
        } catch let error as DatabaseError {
            throw DeltaLogError(store: error)
        } catch let error as RowDecodingError {
            throw DeltaLogError(store: error)
        }
    }

    /// Tells the witness.
    func noteMark(_ mark: StoreMark) { witness?.note(mark) }
}

extension DeltaLogError {
    /// What keeps a store from being opened.
    init(opening error: any Error) {
        guard let file = error as? FileError else {
            self.init(store: error)
            return
        }
        switch file.code {
        case .locked: self.init(.locked, "another process uses this store: \(file.message)")
        case .wrongKind: self.init(.corrupt, file.message)
        case .symbolicLink, .severalNames, .foreignOwner, .tooOpen, .notAllowed: self.init(.notAllowed, file.message)
        default: self.init(.disk, file.message)
        }
    }
}
