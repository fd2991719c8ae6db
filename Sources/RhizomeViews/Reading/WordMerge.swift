internal import RhizomeCore

/// The words of several streams together, by (timeCreated, id bytes), each delta once, from any moment on, or backwards.
///
/// In memory are a few words of each stream, and those of one moment. It can be put by and gone on with in a later look
/// at the same log: it holds numbers, and no connection.
struct WordMerge: Sendable {
    private struct Source {
        let stream: WordStream
        /// The next word last.
        var words: [Word] = []
        /// The last word that was read.
        var place: Word?
        var isOver = false
        /// How many words are read next.
        var limit = 4
    }

    /// Words of one stream that are read at once, and of all together: but for two of each.
    private static let mostWords = 64
    private static let allWords = 8_192
    /// Bytes of each of the deltas of one moment, which are sorted.
    private static let tieBytes = MemoryLayout<(Moment, (Int64, Int64))>.stride + 16
    /// Streams that are opened at once.
    private static let opened = 256

    /// Streams of which no word has been read; the moment to begin at comes first among what is read of them.
    private var unopened: [StreamEnd]
    private let start: Word?
    /// Whether the last word comes first; words after the moment of a perspective are given too then.
    private let isBackwards: Bool
    private let limit: Int
    /// A heap: the source whose next word comes first is the first, and none comes before the one at half its place.
    private var heap: [Source] = []
    /// Deltas of one moment in order, the next one last.
    private var ready: [(position: Int64, author: Int64)] = []

    /// The words of streams.
    ///
    /// - Parameter start: where to begin; deltas of about this moment that come before it are given too.
    init(_ streams: [StreamEnd], from start: Moment? = nil) {
        let first = start.map { WordMoment(time: $0.timeCreated, id: $0.id) }
        // No delta has the position 0.
        self.start = first.map { Word(moment: $0, position: 0) }
        unopened = streams.filter { end in first.map { $0 <= end.last.moment } ?? true }
        isBackwards = false
        limit = max(2, min(Self.mostWords, Self.allWords / max(1, unopened.count)))
    }

    /// The words of streams, the last first, those too that are later than a perspective looks.
    init(backwards streams: [StreamEnd]) {
        start = nil
        unopened = streams
        isBackwards = true
        limit = max(2, min(Self.mostWords, Self.allWords / max(1, streams.count)))
    }

    /// Bytes that are held, about.
    var heldBytes: Int {
        unopened.count * MemoryLayout<StreamEnd>.stride + heap.count * sourceBytes + ready.count * 16
    }

    /// Bytes of an open stream.
    private var sourceBytes: Int { MemoryLayout<Source>.stride + 32 + limit * MemoryLayout<Word>.stride }

    /// Opens some of the streams that aren't yet.
    ///
    /// - Returns: whether all are: only then there is a next word.
    mutating func opens(in lookup: EntityLookup) throws -> Bool {
        for _ in 0..<Self.opened {
            guard let end = unopened.popLast() else { return true }
            var source = Source(stream: end.stream, place: start)
            try fill(&source, in: lookup)
            guard !source.words.isEmpty else { continue }
            try lookup.memory.add(sourceBytes)
            push(source)
        }
        return unopened.isEmpty
    }

    /// The position of the next delta and the number of its author; `nil` at the end.
    mutating func next(in lookup: EntityLookup) throws -> (position: Int64, author: Int64)? {
        precondition(unopened.isEmpty, "all streams are open")
        if let next = ready.popLast() { return next }
        guard let moment = heap.first?.words.last?.moment else { return nil }
        var found: [(position: Int64, author: Int64)] = []
        while let word = heap.first?.words.last, word.moment == moment {
            heap[0].words.removeLast()
            found.append((word.position, heap[0].stream.author))
            try advance(in: lookup)
        }
        if found.count > 1 {
            let bytes = found.count * Self.tieBytes
            try lookup.memory.add(bytes)
            defer { lookup.memory.remove(bytes) }
            // A delta may refer in several roles.
            found.sort { $0.position < $1.position }
            var moments: [(moment: Moment, item: (position: Int64, author: Int64))] = []
            for item in found where item.position != moments.last?.item.position {
                moments.append((try lookup.delta(at: item.position).moment, item))
            }
            moments.sort { isBackwards ? $0.moment < $1.moment : $0.moment > $1.moment }
            found = moments.map(\.item)
        }
        ready = found
        return ready.popLast()
    }

    private func fill(_ source: inout Source, in lookup: EntityLookup) throws {
        while source.words.isEmpty, !source.isOver {
            let count = min(source.limit, limit)
            let page =
                isBackwards
                ? try lookup.snapshot.words(of: source.stream, before: source.place, limit: count)
                : try lookup.snapshot.words(of: source.stream, after: source.place, limit: count)
            source.place = page.last ?? source.place
            source.isOver = page.count < count
            source.limit = min(limit, 2 * source.limit)
            source.words = page.reversed().filter { isBackwards ? $0.position <= lookup.position : lookup.counts($0) }
            if !isBackwards, let last = page.last, let end = lookup.end, last >= end { source.isOver = true }
        }
    }

    // MARK: - The heap

    private func comesFirst(_ first: Int, _ second: Int) -> Bool {
        guard let one = heap[first].words.last, let other = heap[second].words.last else { return false }
        return isBackwards ? one.moment > other.moment : one.moment < other.moment
    }

    private mutating func push(_ source: Source) {
        heap.append(source)
        var place = heap.count - 1
        while place > 0, comesFirst(place, (place - 1) / 2) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Puts the first source, of which a word was taken, where it belongs.
    private mutating func advance(in lookup: EntityLookup) throws {
        if heap[0].words.isEmpty { try fill(&heap[0], in: lookup) }
        if heap[0].words.isEmpty {
            heap.swapAt(0, heap.count - 1)
            heap.removeLast()
            lookup.memory.remove(sourceBytes)
        }
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && comesFirst(child, least) {
                least = child
            }
            guard least != place else { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
