internal import RhizomeCore

/// The words of several streams together, by (timeCreated, id bytes), each delta once.
///
/// In memory are a page of each stream, and the words of one moment.
struct WordMerge {
    private struct Source {
        let stream: WordStream
        /// The next word last.
        var words: [Word] = []
        var after: Word?
        var isOver = false
    }

    private static let page = 64

    private let lookup: EntityLookup
    private var sources: [Source]
    /// Deltas of one moment in order, the next one last.
    private var ready: [(position: Int64, author: Int64)] = []

    init(_ streams: [WordStream], in lookup: EntityLookup) {
        self.lookup = lookup
        sources = streams.map { Source(stream: $0) }
    }

    /// The position of the next delta and the number of its author; `nil` at the end.
    mutating func next() throws -> (position: Int64, author: Int64)? {
        if let next = ready.popLast() { return next }
        for index in sources.indices { try fill(index) }
        guard let moment = sources.compactMap({ $0.words.last?.moment }).min() else { return nil }
        var positions: [Int64: Int64] = [:]
        for index in sources.indices {
            while let word = sources[index].words.last, word.moment == moment {
                sources[index].words.removeLast()
                positions[word.position] = sources[index].stream.author
                try fill(index)
            }
        }
        ready = positions.map { ($0.key, $0.value) }
        if ready.count > 1 {
            let moments = try Dictionary(
                uniqueKeysWithValues: positions.keys.map { ($0, try lookup.delta(at: $0).moment) }
            )
            ready.sort { first, second in
                guard let first = moments[first.position], let second = moments[second.position] else { return false }
                return first > second
            }
        }
        return ready.popLast()
    }

    private mutating func fill(_ index: Int) throws {
        while sources[index].words.isEmpty, !sources[index].isOver {
            let page = try lookup.snapshot.words(
                of: sources[index].stream,
                after: sources[index].after,
                limit: Self.page
            )
            sources[index].after = page.last
            sources[index].isOver = page.count < Self.page
            sources[index].words = page.reversed().filter { lookup.counts($0) }
            if let last = page.last, let end = lookup.end, last >= end { sources[index].isOver = true }
        }
    }
}
