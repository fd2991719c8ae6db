internal import Bytes
internal import Foundation
internal import GRDB
internal import HeapModule
internal import RhizomeCore

/// Lanes of deltas, each in order of time, as they are merged: numbers alone, which can be put by between two readings.
struct TimelineLanes: Sendable {
    /// Where a lane's deltas come from.
    private enum Source: Sendable {
        /// A branch of an author's log, and whether the log has no other one.
        case branch(author: Int64, branch: Int64, isOnly: Bool)
        /// What an author says of an entity in one role.
        case stream(WordStream)
    }

    private struct Lane: Comparable, Sendable {
        let source: Source
        /// The next word last.
        var words: [Word] = []
        /// How far it was read: of a branch the sequence, of a stream the word.
        var sequence: Int64?
        var word: Word?
        var isOver = false
        /// How many words are read next.
        var limit = 1

        static func < (left: Self, right: Self) -> Bool {
            guard let one = left.words.last, let other = right.words.last else { return right.words.last != nil }
            return one < other
        }
        static func == (left: Self, right: Self) -> Bool { left.words.last == right.words.last }
    }

    /// Words of one lane that are read at once, and of all together, but for two of each.
    private static let mostWords = 64
    private static let allWords = 16_384
    /// Lanes that are opened in one reading.
    private static let opened = 512

    private let query: Timeline.Query
    private let position: Int64
    /// Lanes of which nothing has been read; `nil` until they are known.
    private var unopened: [Source]?
    private var heap = Heap<Lane>()
    private var last: Word?
    /// How many words of a lane are read at most.
    private var most = Self.mostWords

    init(_ query: Timeline.Query, upTo position: Int64) {
        self.query = query
        self.position = position
    }

    /// Whether there are no more.
    var isOver: Bool { unopened?.isEmpty == true && heap.isEmpty }

    /// What is dated before the least moment doesn't count.
    private var start: WordMoment? { query.since.map { WordMoment(number: max(0, $0.microseconds) << 10) } }
    /// Nor what isn't dated before this one.
    private var end: WordMoment? { query.until.flatMap { WordMoment.after($0) } }

    /// The positions of the next deltas; perhaps none yet where many lanes have to be opened first.
    mutating func next(_ count: Int, in db: Database, names: NameCache) throws -> [Int64] {
        if unopened == nil {
            let sources = try sources(in: db, names)
            most = Swift.max(2, Swift.min(Self.mostWords, Self.allWords / Swift.max(1, sources.count)))
            unopened = sources
        }
        for _ in 0..<Self.opened {
            guard let source = unopened?.popLast() else { break }
            var lane = try opened(source, in: db)
            try fill(&lane, in: db, names)
            if !lane.words.isEmpty { heap.insert(lane) }
        }
        guard unopened?.isEmpty == true else { return [] }
        var positions: [Int64] = []
        while positions.count < count, var lane = query.isReversed ? heap.popMin() : heap.popMax() {
            // A delta may stand in several roles.
            if let word = lane.words.popLast(), word != last {
                positions.append(word.position)
                last = word
            }
            if lane.words.isEmpty { try fill(&lane, in: db, names) }
            if !lane.words.isEmpty { heap.insert(lane) }
        }
        return positions
    }

    private func sources(in db: Database, _ names: NameCache) throws -> [Source] {
        let snapshot = try SQLiteSnapshot(db, names: names, position: position)
        var author: Int64?
        if let key = query.author {
            author = try snapshot.author(key)
            guard author != nil else { return [] }
        }
        if let entity = query.entity {
            guard let number = try snapshot.entity(entity) else { return [] }
            var sources: [Source] = []
            try snapshot.forEachStream(of: number, on: nil, by: { author == nil || author == $0 }) { end in
                sources.append(.stream(end.stream))
                return true
            }
            return sources
        }
        let rows = try Row.fetchCursor(
            db.cachedStatement(
                sql: """
                    SELECT b.author, b.branch, a.branchCount FROM authors a JOIN branches b ON b.author = a.author
                    WHERE ? IS NULL OR a.author = ?
                    """
            ),
            arguments: [author, author]
        )
        var sources: [Source] = []
        while let row = try rows.next() {
            let isOnly = try row.ordinal(2) == 1
            sources.append(.branch(author: try row.ordinal(0), branch: try row.ordinal(1), isOnly: isOnly))
        }
        return sources
    }

    // MARK: - One lane

    /// As ``SQLiteBranchRows/isIn(_:)``, beside another table that has branches.
    private static func isIn(_ branch: Int64) -> String {
        branch > 0 ? "l.branch = ? AND l.branch <> 0" : "l.branch = ?"
    }

    /// A lane where the query begins.
    private func opened(_ source: Source, in db: Database) throws -> Lane {
        var lane = Lane(source: source)
        switch source {
        case .stream:
            lane.word = (query.isReversed ? start : end).map { Word(moment: $0, position: 0) }
        case .branch(let author, let branch, _):
            let bound = query.isReversed ? start : end
            guard let bound else { return lane }
            let before = try lastSequence(of: author, branch, before: bound, in: db)
            lane.sequence = query.isReversed ? before ?? -1 : (before ?? -1) + 1
        }
        return lane
    }

    /// The last sequence of a branch that is dated before a moment; `nil` where none is.
    ///
    /// - Complexity: O(log *n*) look-ups.
    private func lastSequence(
        of author: Int64,
        _ branch: Int64,
        before moment: WordMoment,
        in db: Database
    ) throws -> Int64? {
        let time = moment.number >> 10
        let ends = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT firstSequence, lastSequence FROM branches WHERE author = ? AND branch = ?"
            ),
            arguments: [author, branch]
        )
        guard let ends else { return nil }
        var (low, high) = (try ends.ordinal(0), try ends.ordinal(1))
        let statement = try db.cachedStatement(
            sql: """
                SELECT l.sequence, d.timeCreated FROM logs l JOIN deltas d ON d.position = l.position
                WHERE l.author = ? AND l.sequence BETWEEN ? AND ? AND \(Self.isIn(branch))
                ORDER BY l.sequence DESC LIMIT 1
                """
        )
        var found: Int64?
        while low <= high {
            let middle = low + (high - low) / 2
            guard let row = try Row.fetchOne(statement, arguments: [author, low, middle, branch]) else {
                low = middle + 1
                continue
            }
            let sequence = try row.ordinal(0)
            if try row.ordinal(1) < time {
                found = sequence
                low = middle + 1
            } else {
                high = sequence - 1
            }
        }
        return found
    }

    /// Reads on, until there is a word that counts or no other one.
    private func fill(_ lane: inout Lane, in db: Database, _ names: NameCache) throws {
        while lane.words.isEmpty, !lane.isOver {
            let limit = Swift.min(lane.limit, most)
            let page = try page(of: &lane, limit, in: db, names)
            lane.isOver = page.count < limit
            lane.limit = Swift.min(most, 4 * lane.limit)
            var words: [Word] = []
            for word in page {
                if query.isReversed ? end.map({ word.moment >= $0 }) ?? false : start.map({ word.moment < $0 }) ?? false
                {
                    lane.isOver = true
                    break
                }
                if word.position <= position { words.append(word) }
            }
            lane.words = words.reversed()
        }
    }

    private func page(of lane: inout Lane, _ limit: Int, in db: Database, _ names: NameCache) throws -> [Word] {
        switch lane.source {
        case .stream(let stream):
            let snapshot = try SQLiteSnapshot(db, names: names, position: position)
            let page =
                query.isReversed
                ? try snapshot.words(of: stream, after: lane.word, limit: limit)
                : try snapshot.words(of: stream, before: lane.word, limit: limit)
            lane.word = page.last ?? lane.word
            return page
        case .branch(let author, let branch, let isOnly):
            let (comparison, order, bound): (String, String, Int64) =
                query.isReversed ? (">", "ASC", lane.sequence ?? -1) : ("<", "DESC", lane.sequence ?? .max)
            let part = isOnly ? "" : "AND \(Self.isIn(branch))"
            let statement = try db.cachedStatement(
                sql: """
                    SELECT l.sequence, l.position, d.timeCreated, d.id FROM logs l JOIN deltas d ON d.position = l.position
                    WHERE l.author = ? AND l.sequence \(comparison) ? \(part) ORDER BY l.sequence \(order) LIMIT ?
                    """
            )
            let arguments: StatementArguments =
                isOnly ? [author, bound, limit] : [author, bound, branch, limit]
            let rows = try Row.fetchCursor(statement, arguments: arguments)
            var page: [Word] = []
            while let row = try rows.next() {
                lane.sequence = try row.ordinal(0)
                let moment = WordMoment(time: try row.timestamp(2), id: try row.id(3))
                page.append(Word(moment: moment, position: try row.ordinal(1)))
            }
            return page
        }
    }
}
