public import Bytes
public import SignedStatements

/// Signed deltas of a log, page by page, for a file that another node can import: each as it was received.
///
/// Of an author all come in the order of the log, so that each comes after those before it. What is appended after the
/// first page doesn't come. Nothing is held from one page to the next but positions of deltas about an entity, 8 bytes each.
public struct DeltaExport: Sendable {
    /// What a log has to offer for it.
    public typealias Log = AcceptanceOrder & AuthorLogs & StateReading

    private enum Way: Sendable {
        /// In the order of acceptance, those after a position.
        case all(after: Int64)
        /// One author's log.
        case log(want: [DeltaID], after: (sequence: Int64, id: DeltaID)?)
        /// Some positions, the last first.
        case positions([Int64])
        case over
    }

    private static let pageBytes = 1 << 20

    private let log: any Log
    private let author: PublicKey?
    private let end: Int64
    private var way: Way

    /// The last position that comes: where a later export goes on.
    public var position: Int64 { end }

    /// An export of all that is held now, or of a part.
    ///
    /// - Parameters:
    ///   - author: whose deltas alone.
    ///   - entity: what they refer to; whether these can be imported depends on what is held there of their authors.
    ///   - since: a position, after which alone.
    public init(of log: any Log, by author: PublicKey? = nil, about entity: Text? = nil, since: Int64 = 0) async throws
    {
        self.log = log
        self.author = author
        end = try await log.count()
        if let entity {
            way = .positions(try await Self.positions(about: entity, after: since, upTo: end, in: log).reversed())
        } else if let author, since == 0 {
            way = .log(want: try await log.heads(of: author).map(\.id), after: nil)
        } else {
            way = .all(after: since)
        }
    }

    /// The next ones, none where of a page none is meant; `nil` at the end.
    ///
    /// - Throws: what the log throws.
    public mutating func next() async throws -> [[UInt8]]? {
        switch way {
        case .all(let position): try await page(after: position)
        case .log(let want, let last): try await page(of: want, after: last)
        case .positions(let positions): try await page(at: positions)
        case .over: nil
        }
    }

    private mutating func page(after position: Int64) async throws -> [[UInt8]]? {
        guard position < end else { return nil }
        let entries = try await log.entries(after: position, maximumBytes: Self.pageBytes)
        guard let last = entries.last else { return nil }
        way = .all(after: last.position)
        return try entries.filter { $0.position <= end }.compactMap(wire)
    }

    private mutating func page(
        of want: [DeltaID],
        after last: (sequence: Int64, id: DeltaID)?
    ) async throws -> [[UInt8]]? {
        guard let author, !want.isEmpty else { return nil }
        // As many heads at a time as a peer may ask for: what several reach comes more than once, and is held by then.
        let page = try await log.pull(
            PullRequest(author: author, want: want, have: [], after: last, maximumBytes: Self.pageBytes)
        )
        way = page.hasMore ? .log(want: want, after: page.last) : .over
        return page.deltas
    }

    private mutating func page(at positions: [Int64]) async throws -> [[UInt8]]? {
        var rest = positions
        guard let position = rest.popLast() else { return nil }
        // One is given whatever its size.
        let entries = try await log.entries(after: position - 1, maximumBytes: 0)
        way = .positions(rest)
        return try entries.compactMap(wire)
    }

    private func wire(_ entry: LogEntry) throws -> [UInt8]? {
        if let author, try SignedHeader(decoding: entry.header).author != author { return nil }
        return SignedDelta.encoded(header: entry.header, body: entry.body)
    }

    private static func positions(
        about entity: Text,
        after since: Int64,
        upTo end: Int64,
        in log: any Log
    ) async throws -> [Int64] {
        try await log.read { snapshot in
            guard let entity = try snapshot.entity(entity) else { return [] }
            var streams: [WordStream] = []
            try snapshot.forEachStream(of: entity, on: nil, by: { _ in true }) { stream in
                streams.append(stream.stream)
                return true
            }
            var positions: Set<Int64> = []
            for stream in streams {
                var last: Word?
                while case let words = try snapshot.words(of: stream, after: last, limit: 1_000), !words.isEmpty {
                    positions.formUnion(words.map(\.position).filter { $0 > since && $0 <= end })
                    last = words.last
                }
            }
            return positions.sorted()
        }
    }
}
