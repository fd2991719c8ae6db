public import Bytes
internal import GRDB
public import RhizomeCore
public import SignedStatements

/// The deltas of one state of a store in the order in which their authors dated them (spec: cli.md, `log`).
///
/// Along one author's branch times only grow, and so do those of what one author says of an entity in one role: such
/// lanes are merged as they are asked for. What comes first costs a look-up or a few for each lane, whatever else is held;
/// in memory are a few numbers of each lane and the deltas of one batch. No transaction stays open between two batches.
public struct Timeline: AsyncSequence, Sendable {
    /// Which deltas, and how.
    public struct Query: Sendable {
        /// Only this author's.
        public var author: PublicKey?
        /// Only those about this entity.
        public var entity: Text?
        /// Only those dated at this moment or later.
        public var since: Timestamp?
        /// Only those dated at this moment or earlier.
        public var until: Timestamp?
        /// Whether the oldest comes first.
        public var isReversed = false

        /// All, the newest first.
        public init() {}
    }

    /// Reads the deltas.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        /// Deltas that are looked up at once, to begin with and at most.
        private static let batches = 4...256

        private let log: SQLiteDeltaLog
        private var lanes: TimelineLanes
        private var batch: ArraySlice<StoredDelta> = []
        private var size = Self.batches.lowerBound

        fileprivate init(_ timeline: Timeline) {
            log = timeline.log
            let query = timeline.query
            var selection = DeltaSelection()
            selection.author = query.author
            selection.entity = query.entity
            selection.since = query.since
            selection.until = query.until
            selection.order = .created
            lanes = TimelineLanes(selection, isNewestFirst: !query.isReversed, upTo: timeline.position)
        }

        /// The next delta; `nil` at the end.
        ///
        /// - Throws: ``DeltaLogError``, `CancellationError`.
        public mutating func next() async throws -> StoredDelta? {
            while batch.isEmpty, !lanes.isOver {
                let start = lanes
                let (found, end) = try await log.read { [log, size] db in
                    var lanes = start
                    let words = try lanes.next(size, in: db, names: log.names)
                    return (try SQLiteDeltaLog.deltas(at: words.map(\.position), db), lanes)
                }
                lanes = end
                batch = found[...]
                size = Swift.min(Self.batches.upperBound, 4 * size)
            }
            return batch.popFirst()
        }
    }

    private let log: SQLiteDeltaLog
    private let query: Query
    private let position: Int64

    /// Deltas of a log up to a position.
    init(_ query: Query, of log: SQLiteDeltaLog, upTo position: Int64) {
        self.log = log
        self.query = query
        self.position = position
    }

    /// Reads the deltas from the first one on.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
