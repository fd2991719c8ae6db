internal import Bytes
internal import Foundation
internal import GRDB
internal import HeapModule
internal import RhizomeCore

/// Lanes of deltas, each in order, as they are merged: numbers alone, which can be put by between two readings.
///
/// Along a branch both times and positions grow, so branches serve either order; what an author says of an entity is filed
/// by time, which is the order of positions too as long as its log has one branch.
struct TimelineLanes: Sendable {
    /// Where a lane's deltas come from.
    private enum Source: Sendable {
        /// A branch of an author's log, and whether the log has no other one.
        case branch(author: Int64, branch: Int64, isOnly: Bool)
        /// What an author says of an entity in one role.
        case stream(WordStream)
        /// All deltas by position.
        case all
    }

    private struct Lane: Comparable, Sendable {
        let source: Source
        /// The next word last.
        var words: [Word] = []
        /// How far it was read: of a branch the sequence, of a stream the word, of all the position.
        var sequence: Int64?
        var position: Int64 = 0
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

    private let query: DeltaSelection
    private let isNewestFirst: Bool
    /// The delta after which to begin.
    private let place: Word?
    private let position: Int64
    /// Lanes of which nothing has been read; `nil` until they are known.
    private var unopened: [Source]?
    private var heap = Heap<Lane>()
    private var last: Word?
    /// How many words of a lane are read at most.
    private var most = Self.mostWords

    /// - Parameters:
    ///   - isNewestFirst: in the order of time alone, and from the end.
    ///   - place: the delta after which to begin where the oldest come first.
    init(_ query: DeltaSelection, isNewestFirst: Bool = false, after place: Word? = nil, upTo position: Int64) {
        self.query = query
        self.isNewestFirst = isNewestFirst
        self.place = place
        self.position = position
    }

    /// Whether there are no more.
    var isOver: Bool { unopened?.isEmpty == true && heap.isEmpty }

    /// What is dated before the least moment doesn't count.
    private var start: WordMoment? { query.since.map { WordMoment(number: max(0, $0.microseconds) << 10) } }
    /// Nor what isn't dated before this one.
    private var end: WordMoment? { query.until.flatMap { WordMoment.after($0) } }

    private var isByPosition: Bool { query.order == .accepted }

    /// The next deltas; perhaps none yet where many lanes have to be opened first.
    ///
    /// In the order of positions their moments are 0.
    mutating func next(_ count: Int, in db: Database, names: NameCache) throws -> [Word] {
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
        var words: [Word] = []
        while words.count < count, var lane = isNewestFirst ? heap.popMax() : heap.popMin() {
            // A delta may stand in several roles.
            if let word = lane.words.popLast(), word != last {
                words.append(word)
                last = word
            }
            if lane.words.isEmpty { try fill(&lane, in: db, names) }
            if !lane.words.isEmpty { heap.insert(lane) }
        }
        return words
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
            var properties: [Int64]?
            if let property = query.property {
                guard let context = try snapshot.context(property) else { return [] }
                properties = [context]
            }
            var streams: [WordStream] = []
            try snapshot.forEachStream(of: number, on: properties, by: { author == nil || author == $0 }) { end in
                streams.append(end.stream)
                return true
            }
            guard isByPosition else { return streams.map { .stream($0) } }
            var sources: [Source] = []
            var branches: [Int64: [Source]] = [:]
            for stream in streams {
                if branches[stream.author] == nil {
                    let found = try Self.branches(of: stream.author, in: db)
                    branches[stream.author] = found
                    // Which of them are about the entity is looked at one by one.
                    if found.count > 1 { sources += found }
                }
                if branches[stream.author]?.count == 1 { sources.append(.stream(stream)) }
            }
            return sources
        }
        // Times don't grow along all positions, but along each branch.
        if isByPosition, author == nil, query.since == nil, query.until == nil { return [.all] }
        return try Self.branches(of: author, in: db)
    }

    /// The branches of an author's log; of all where `nil`.
    private static func branches(of author: Int64?, in db: Database) throws -> [Source] {
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
        case .all: lane.position = place?.position ?? 0
        case .stream(let stream):
            guard !isNewestFirst else {
                lane.word = end.map { Word(moment: $0, position: 0) }
                return lane
            }
            var bounds = [start.map { Word(moment: $0, position: 0) }]
            if isByPosition, let place {
                // Where its author's log was then: what is said later there is accepted later.
                let last = try last(of: stream.author, 0, before: .position(place.position + 1), in: db)
                bounds.append(last.flatMap { WordMoment.after($0.time) }.map { Word(moment: $0, position: 0) })
            } else {
                bounds.append(place)
            }
            lane.word = bounds.compactMap(\.self).max()
        case .branch(let author, let branch, _):
            if isNewestFirst {
                guard let end else { return lane }
                lane.sequence = (try last(of: author, branch, before: .time(end), in: db)?.sequence ?? -1) + 1
                return lane
            }
            var bounds = start.map { [Bound.time($0)] } ?? []
            if let place { bounds.append(isByPosition ? .position(place.position + 1) : .time(place.moment)) }
            lane.sequence = try bounds.map { try last(of: author, branch, before: $0, in: db)?.sequence ?? -1 }.max()
        }
        return lane
    }

    /// What grows along a branch.
    private enum Bound {
        case time(WordMoment)
        case position(Int64)
    }

    /// The last delta of a branch before a bound; `nil` where none is.
    ///
    /// - Complexity: O(log *n*) look-ups.
    private func last(
        of author: Int64,
        _ branch: Int64,
        before bound: Bound,
        in db: Database
    ) throws -> (sequence: Int64, time: Timestamp)? {
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
                SELECT l.sequence, d.timeCreated, l.position FROM logs l JOIN deltas d ON d.position = l.position
                WHERE l.author = ? AND l.sequence BETWEEN ? AND ? AND \(Self.isIn(branch))
                ORDER BY l.sequence DESC LIMIT 1
                """
        )
        var found: (sequence: Int64, time: Timestamp)?
        while low <= high {
            let middle = low + (high - low) / 2
            guard let row = try Row.fetchOne(statement, arguments: [author, low, middle, branch]) else {
                low = middle + 1
                continue
            }
            let sequence = try row.ordinal(0)
            let isBefore =
                switch bound {
                case .time(let moment): try row.ordinal(1) < moment.number >> 10
                case .position(let position): try row.ordinal(2) < position
                }
            if isBefore {
                found = (sequence, try row.timestamp(1))
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
                let isTooEarly = start.map { word.moment < $0 } ?? false
                let isTooLate = end.map { word.moment >= $0 } ?? false
                if isTooEarly || isTooLate {
                    lane.isOver = lane.isOver || (isNewestFirst ? isTooEarly : isTooLate)
                    continue
                }
                let word = isByPosition ? Word(moment: WordMoment(number: 0), position: word.position) : word
                if word.position <= position, place.map({ word > $0 }) ?? true { words.append(word) }
            }
            lane.words = words.reversed()
        }
    }

    private func page(of lane: inout Lane, _ limit: Int, in db: Database, _ names: NameCache) throws -> [Word] {
        switch lane.source {
        case .all:
            let statement = try db.cachedStatement(
                sql: "SELECT position, timeCreated, id FROM deltas WHERE position > ? ORDER BY position LIMIT ?"
            )
            let rows = try Row.fetchCursor(statement, arguments: [lane.position, limit])
            var page: [Word] = []
            while let row = try rows.next() {
                lane.position = try row.ordinal(0)
                page.append(
                    Word(moment: WordMoment(time: try row.timestamp(1), id: try row.id(2)), position: lane.position)
                )
            }
            return page
        case .stream(let stream):
            let snapshot = try SQLiteSnapshot(db, names: names, position: position)
            let page =
                isNewestFirst
                ? try snapshot.words(of: stream, before: lane.word, limit: limit)
                : try snapshot.words(of: stream, after: lane.word, limit: limit)
            lane.word = page.last ?? lane.word
            return page
        case .branch(let author, let branch, let isOnly):
            let (comparison, order, bound): (String, String, Int64) =
                isNewestFirst ? ("<", "DESC", lane.sequence ?? .max) : (">", "ASC", lane.sequence ?? -1)
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
