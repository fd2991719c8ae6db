internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

/// One author's log in one state of the store: its branches, and ranges of them.
struct AuthorLog {
    /// The author's number.
    let number: Int64
    let author: PublicKey
    let db: Database

    /// `nil` where nothing of the author is held.
    init?(_ author: PublicKey, _ db: Database) throws {
        let number = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT author FROM authors WHERE key = ?"),
            arguments: [author.bytes.blob]
        )
        guard let number else { return nil }
        self.number = number
        self.author = author
        self.db = db
    }

    /// The places of those of these deltas that are held of this log; others' count for nothing.
    ///
    /// - Throws: `corrupt` where one of this author is filed under another one.
    func places(_ ids: [DeltaID]) throws -> [Place] {
        try ids.compactMap { id in
            guard let place = try IDLookup.place(of: id, db) else { return nil }
            if place.author == number { return place }
            try Self.checkNone(of: author, among: [id], db)
            return nil
        }
    }

    /// Checks that none of these deltas is an author's where the tables find nothing of it.
    ///
    /// To say that there is nothing would have others believe that the author wrote nothing.
    static func checkNone(of author: PublicKey, among ids: [DeltaID], _ db: Database) throws {
        guard try IDLookup.headers(ids, db).values.contains(where: { $0.author == author }) else { return }
        throw DeltaLogError(.corrupt, "the store doesn't find an author's log that it holds; run rhizome-node audit")
    }

    /// What these reach in their own branches: nothing has been followed.
    func reach(_ ids: [DeltaID]) throws -> BranchReach { reach(of: try places(ids)) }

    private func reach(of places: [Place]) -> BranchReach {
        var reach = BranchReach(author: number)
        for place in places { reach.add(branch: place.branch, sequence: place.sequence) }
        return reach
    }

    /// What finds rows of a branch: the first one by sequence, others by the index that only they are in.
    ///
    /// Not by `branch > 0`: SQLite's planner would take that for the range to search in, and pass over `branch = ?`.
    static func isIn(_ branch: Int64) -> String { branch > 0 ? "branch = ? AND branch <> 0" : "branch = ?" }

    /// The delta at a place.
    func id(branch: Int64, sequence: Int64) throws -> DeltaID? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT d.id FROM deltas d WHERE d.position =
                        (SELECT position FROM logs WHERE author = ? AND sequence = ? AND \(Self.isIn(branch)))
                    """
            ),
            arguments: [number, sequence, branch]
        )?.id(0)
    }

    // MARK: - Pull

    /// A page of what the wanted reach and the held don't.
    func pull(_ request: PullRequest) throws -> PullPage {
        let start = request.after?.sequence ?? 0
        var wanted = try reach(request.want)
        var held = try reach(request.have)
        try BranchReach.follow(wanted: &wanted, held: &held, downTo: start, db)
        var ranges: [Int64: ClosedRange<Int64>] = [:]
        for branch in wanted.branches {
            guard let last = wanted[branch] else { continue }
            let first = max(start, (held[branch] ?? -1) + 1)
            if first <= last { ranges[branch] = first...last }
        }
        guard let first = ranges.values.map(\.lowerBound).min(), let last = ranges.values.map(\.upperBound).max() else {
            return PullPage(deltas: [], last: nil, hasMore: false)
        }
        var rows = try rows(of: ranges, first: first, last: last)
        var page = Page(maximumBytes: request.maximumBytes, after: request.after)
        var positions: [Int64] = []
        var sequence: Int64 = -1
        while !page.isFull, let row = try rows.next() {
            if row.sequence != sequence {
                try add(positions, sequence: sequence, to: &page)
                positions = []
                sequence = row.sequence
            }
            positions.append(row.position)
        }
        try add(positions, sequence: sequence, to: &page)
        return PullPage(deltas: page.deltas, last: page.last, hasMore: page.isFull)
    }

    /// Adds the deltas of one sequence, which come by id.
    private func add(_ positions: [Int64], sequence: Int64, to page: inout Page) throws {
        let delta = try db.cachedStatement(
            sql: """
                SELECT d.id, d.header, b.body FROM deltas d JOIN bodies b ON b.position = d.position
                WHERE d.position = ?
                """
        )
        for position in try sorted(positions) where !page.isFull {
            guard let found = try Row.fetchOne(delta, arguments: [position]) else {
                throw DeltaLogError(.corrupt, "the store has lost a delta of a log; run rhizome-node audit")
            }
            let id = try found.id(0)
            guard !page.isBehind(sequence, id) else { continue }
            page.add(
                SignedDelta.encoded(header: try found.bytes(1), body: try found.bytes(2)),
                sequence: sequence,
                id: id
            )
        }
    }

    /// The positions of deltas, by the bytes of their ids.
    private func sorted(_ positions: [Int64]) throws -> [Int64] {
        guard positions.count > 1 else { return positions }
        let statement = try db.cachedStatement(sql: "SELECT id FROM deltas WHERE position = ?")
        let ids = try positions.map { position in
            (id: try Row.fetchOne(statement, arguments: [position])?.id(0), position: position)
        }
        return ids.sorted { left, right in
            guard let leftID = left.id, let rightID = right.id else { return left.id == nil && right.id != nil }
            return leftID < rightID
        }.map(\.position)
    }

    /// In how many branches is looked one beside the other: more than that are found among all that share a sequence.
    private static let branchesAtOnce = 64
    /// How many branches a log has at most in which few deltas share a sequence.
    private static let fewBranches: Int64 = 16

    /// What lies in these ranges, by sequence.
    private func rows(of ranges: [Int64: ClosedRange<Int64>], first: Int64, last: Int64) throws -> LogRows {
        guard ranges.count <= Self.branchesAtOnce, try branchCount > Self.fewBranches else {
            let all = try db.cachedStatement(
                sql: """
                    SELECT sequence, position, branch FROM logs
                    WHERE author = ? AND sequence >= ? AND sequence <= ? ORDER BY sequence
                    """
            )
            return LogRows(try Row.fetchCursor(all, arguments: [number, first, last]), in: ranges)
        }
        return try LogRows(
            ranges.map { branch, range in
                let one = try db.makeStatement(
                    sql: """
                        SELECT sequence, position FROM logs WHERE author = ? AND \(Self.isIn(branch))
                        AND sequence >= ? AND sequence <= ? ORDER BY sequence
                        """
                )
                return try Row.fetchCursor(one, arguments: [number, branch, range.lowerBound, range.upperBound])
            }
        )
    }

    private var branchCount: Int64 {
        get throws {
            try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT branchCount FROM authors WHERE author = ?"),
                arguments: [number]
            ) ?? 0
        }
    }

    /// A page as it fills up.
    private struct Page {
        let maximumBytes: Int
        let after: (sequence: Int64, id: DeltaID)?
        var deltas: [[UInt8]] = []
        var last: (sequence: Int64, id: DeltaID)?
        /// Whether something has been left out.
        var isFull = false
        private var count = 0

        init(maximumBytes: Int, after: (sequence: Int64, id: DeltaID)?) {
            self.maximumBytes = maximumBytes
            self.after = after
        }

        /// Whether a delta was on an earlier page.
        func isBehind(_ sequence: Int64, _ id: DeltaID) -> Bool { after.map { (sequence, id) <= $0 } ?? false }

        mutating func add(_ delta: [UInt8], sequence: Int64, id: DeltaID) {
            count += delta.count
            guard deltas.isEmpty || count <= maximumBytes else {
                isFull = true
                return
            }
            deltas.append(delta)
            last = (sequence, id)
        }
    }

    // MARK: - Locators

    /// How many heads are told at most, so that there is room for what lies behind them.
    private static let locatorHeads = 128
    private static let locatorCount = 256
    /// How many crossings are looked at: a log that forks all the time is told less exactly.
    private static let locatorCrossings = 1_024

    /// The heads, the newest where there are many, then along the first previous 1, 2, 4, 8, … steps back, and the first.
    func locators() throws -> [DeltaID] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT b.branch, d.sequence, d.id FROM
                        (SELECT branch, lastPosition FROM branches WHERE author = ? AND isHead = 1
                        ORDER BY lastPosition DESC LIMIT ?) b
                    JOIN deltas d ON d.position = b.lastPosition ORDER BY d.sequence DESC, d.id DESC
                    """
            ),
            arguments: [number, Self.locatorHeads]
        )
        var locators = try rows.map { try $0.id(2) }
        var known = Set(locators)
        func add(_ id: DeltaID?, atMost limit: Int) {
            guard let id, locators.count < limit, known.insert(id).inserted else { return }
            locators.append(id)
        }
        var budget = Self.locatorCrossings
        for row in rows where locators.count < Self.locatorCount {
            var walk = Walk(branch: try row.ordinal(0), sequence: try row.ordinal(1))
            var step: Int64 = 1
            while try advance(&walk, to: step, budget: &budget) {
                // One is left for the first.
                add(try id(branch: walk.branch, sequence: walk.sequence), atMost: Self.locatorCount - 1)
                step *= 2
            }
            add(try id(branch: walk.branch, sequence: walk.sequence), atMost: Self.locatorCount)
        }
        return locators
    }

    /// A walk along the first previous.
    private struct Walk {
        var branch: Int64
        var sequence: Int64
        var steps: Int64 = 0
    }

    /// Goes on until so many steps have been made; stops at the first, and answers `false` there.
    private func advance(_ walk: inout Walk, to steps: Int64, budget: inout Int) throws -> Bool {
        while walk.steps < steps {
            guard walk.sequence > 0 else { return false }
            // Above the next crossing of the branch each delta has one previous, one sequence below.
            let crossing = budget > 0 ? max(0, try nextCrossing(walk) ?? 0) : 0
            let straight = min(steps - walk.steps, walk.sequence - crossing)
            if straight > 0 {
                walk.sequence -= straight
                walk.steps += straight
                // Without looking at crossings the place may not exist: any of that sequence will do.
                if budget <= 0, let branch = try anyBranch(at: walk.sequence) { walk.branch = branch }
                continue
            }
            budget -= 1
            guard let previous = try firstPrevious(walk) else { return false }
            walk.branch = previous.branch
            walk.sequence = previous.sequence
            walk.steps += 1
        }
        return true
    }

    private func nextCrossing(_ walk: Walk) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT childSequence FROM crossings WHERE author = ? AND childSequence <= ? AND childBranch = ?
                    ORDER BY childSequence DESC LIMIT 1
                    """
            ),
            arguments: [number, walk.sequence, walk.branch]
        )
    }

    private func anyBranch(at sequence: Int64) throws -> Int64? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT branch FROM logs WHERE author = ? AND sequence = ? LIMIT 1"),
            arguments: [number, sequence]
        )
    }

    private func firstPrevious(_ walk: Walk) throws -> Place? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT d.header FROM logs l JOIN deltas d ON d.position = l.position
                    WHERE l.author = ? AND l.sequence = ? AND l.branch = ?
                    """
            ),
            arguments: [number, walk.sequence, walk.branch]
        )
        guard let row else { return nil }
        return try SignedHeader(decoding: row.bytes(0)).header.previous.first.flatMap {
            try IDLookup.place(of: $0, db)
        }
    }

    // MARK: - Forks

    /// Among how many branches, the oldest first, forks are looked for, and among how many other crossings: a key that
    /// forks wildly has begun hundreds of thousands, of which a few are evidence enough.
    ///
    /// Each fork begins a branch; so none can be hidden behind crossings that are no forks.
    private static let forkBranches: Int64 = 1_024
    /// How many crossings are followed for the forks at most: none is followed for those that honest logs have.
    private static let forkCrossings = 20_000

    private struct TooManyCrossings: Error {}

    /// Where the log parts, by (sequence, ids).
    func forks(limit: Int) throws -> [Fork] {
        var forks: Set<Fork> = []
        var crossings = Self.forkCrossings
        for (parent, children) in try siblings() where children.count > 1 && forks.count < limit {
            do {
                let parting = try Forks.parting(
                    children.map { (node: $0, branch: $0.branch, sequence: $0.sequence) }
                ) { child, sequence in
                    var reach = reach(of: [child])
                    guard try reach.follow(downTo: sequence, limit: &crossings, db) else { throw TooManyCrossings() }
                    return reach.last
                }
                guard let sequence = parting.map(\.sequence).min() else { continue }
                forks.insert(Fork(author: author, sequence: sequence, ids: try evidence(parting, after: parent)))
            } catch is TooManyCrossings {
                // Forks whose deltas have one sequence are still found.
                continue
            }
        }
        return forks.sorted()
    }

    /// The ids of deltas that part after one, or as firsts, by what their author signed: tables can't accuse anybody.
    private func evidence(_ parting: [Place], after parent: Place?) throws -> [DeltaID] {
        let before = try parent.map { try header(at: $0).id }
        return try parting.map { place in
            let signed = try header(at: place)
            let previous = signed.header.previous
            guard signed.author == author, before.map(previous.contains) ?? previous.isEmpty else {
                throw DeltaLogError(.corrupt, "the store tells of a fork that nobody signed; run rhizome-node audit")
            }
            return signed.id
        }
    }

    private func header(at place: Place) throws -> SignedHeader {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT d.id, d.header FROM deltas d WHERE d.position =
                        (SELECT position FROM logs WHERE author = ? AND sequence = ? AND \(Self.isIn(place.branch)))
                    """
            ),
            arguments: [number, place.sequence, place.branch]
        )
        guard let row else {
            throw DeltaLogError(.corrupt, "the store doesn't find a delta of a log; run rhizome-node audit")
        }
        return try SignedHeader(stored: row.bytes(1), of: row.id(0))
    }

    /// The deltas that share a previous, as far as more than one can; under none, the firsts.
    private func siblings() throws -> [Place?: [Place]] {
        var siblings: [Place?: [Place]] = [:]
        let firsts = try Row.fetchCursor(
            db,
            sql: "SELECT branch FROM branches WHERE author = ? AND branch < ? AND firstSequence = 0",
            arguments: [number, Self.forkBranches]
        )
        while let row = try firsts.next() {
            siblings[nil, default: []].append(Place(author: number, branch: try row.ordinal(0), sequence: 0))
        }
        let crossings = try Row.fetchCursor(
            db,
            sql: """
                SELECT c.parentBranch, c.parentSequence, c.childBranch, c.childSequence FROM branches b
                CROSS JOIN crossings c ON c.author = b.author AND c.childSequence = b.firstSequence
                    AND c.childBranch = b.branch
                WHERE b.author = ? AND b.branch < ?
                UNION
                SELECT * FROM (
                    SELECT parentBranch, parentSequence, childBranch, childSequence FROM crossings WHERE author = ?
                    ORDER BY childSequence, childBranch, parentBranch, parentSequence LIMIT ?
                )
                """,
            arguments: [number, Self.forkBranches, number, Self.forkBranches]
        )
        while let row = try crossings.next() {
            let parent = Place(author: number, branch: try row.ordinal(0), sequence: try row.ordinal(1))
            let child = Place(author: number, branch: try row.ordinal(2), sequence: try row.ordinal(3))
            siblings[parent, default: []].append(child)
        }
        // The next one of the same branch names it too.
        for case .some(let parent) in siblings.keys {
            let next = try db.cachedStatement(
                sql: """
                    SELECT sequence FROM logs WHERE author = ? AND sequence > ? AND \(Self.isIn(parent.branch))
                    ORDER BY sequence LIMIT 1
                    """
            )
            let sequence = try Int64.fetchOne(next, arguments: [number, parent.sequence, parent.branch])
            guard let sequence else { continue }
            siblings[parent]?.append(Place(author: number, branch: parent.branch, sequence: sequence))
        }
        return siblings
    }
}
