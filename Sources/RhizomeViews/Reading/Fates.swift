internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// What is settled of deltas and transactions, for one answer.
struct Fates {
    /// A transaction groups deltas of one author: the same name by another is another transaction.
    struct Transaction: Hashable {
        let name: Text
        let author: PublicKey
    }

    /// A delta of which it isn't known yet whether it is negated.
    struct Pending {
        /// Words that are read at once.
        static let page = 16

        let id: DeltaID
        /// Authors who could negate it, of whom words are still to be read.
        var negators: [Int64]
        /// Words of the last of these that were read, the next one last.
        var words: [Word] = []
        /// Before which word to go on with that author.
        var before: Word?
        /// What negates it if it isn't negated itself.
        var asked: DeltaID?

        init(id: DeltaID, negators: [Int64], before: Word?) {
            self.id = id
            self.negators = negators
            self.before = before
        }
    }

    /// What is known of what an author negates.
    struct Negated {
        /// Rows that are read ahead for each look-up so far: they take about as long.
        private static let rowsPerLookUp = 16
        /// At most: 8 MiB, of an author of whom as many words were looked at.
        private static let most = 1 << 20

        /// Bits of the filter for each prefix, at least: of eight that aren't there one is looked for among them.
        private static let bitsPerPrefix = 8

        /// First 8 bytes of ids, in order; where they aren't all, as many as were read.
        private var prefixes: [UInt64] = []
        /// A bit for each prefix, by its last bits: one look into memory instead of as many as the prefixes take.
        private var filter: [UInt64] = [0]
        private var limit = 0
        private var lookUps = 1
        private var isComplete = false

        /// About how many bytes of memory it takes.
        var bytes: Int { 8 * (prefixes.count + filter.count) + Fates.settledBytes }

        /// Whether the author negates a delta, or any where `nil`; `nil` where that takes a look-up.
        func negates(_ id: DeltaID?) -> Bool? {
            guard isComplete else { return nil }
            guard let prefix = id?.bytes.prefix64 else { return !prefixes.isEmpty }
            let (word, bit) = place(of: prefix)
            return filter[word] & bit != 0 && prefixes.contains(sorted: prefix)
        }

        private func place(of prefix: UInt64) -> (word: Int, bit: UInt64) {
            (Int(truncatingIfNeeded: prefix >> 6) & (filter.count - 1), 1 << (prefix & 63))
        }

        private mutating func fill() {
            let words = max(1, prefixes.count * Self.bitsPerPrefix / UInt64.bitWidth)
            filter = Array(repeating: 0, count: 1 << (Int.bitWidth - (words - 1).leadingZeroBitCount))
            for prefix in prefixes {
                let (word, bit) = place(of: prefix)
                filter[word] |= bit
            }
        }

        /// Whether the author may negate a delta, or any where `nil`: else no look-up is needed.
        ///
        /// Reads ahead, the more the more often it is asked: what was said about a property is often looked at delta by
        /// delta.
        mutating func mayHave(_ id: DeltaID?, readingBy read: (_ limit: Int) throws -> [UInt64]) throws -> Bool {
            if !isComplete, limit < Self.most, lookUps * Self.rowsPerLookUp >= 8 * limit {
                limit = min(Self.most, lookUps * Self.rowsPerLookUp)
                prefixes = try read(limit).sorted()
                isComplete = prefixes.count < limit
                if isComplete { fill() }
            }
            lookUps += 1
            return negates(id) ?? true
        }
    }

    /// How much is remembered from one delta to the next, and from one look at a state to the next.
    static let most = 100_000
    private static let mostBetweenLooks = 4_096
    /// Bytes of what is settled of a delta or an author, about, and of a transaction besides its name.
    static let settledBytes = 90
    static let transactionBytes = 200
    /// Bytes of what is pending, about.
    static let pendingBytes = 400 + Pending.page * MemoryLayout<Word>.stride

    /// Whether deltas are negated that somebody tried to negate.
    var negated: [DeltaID: Bool] = [:]
    var transactions: [Transaction: Bool] = [:]
    /// What authors negate.
    var negatedBy: [Int64: Negated] = [:]
    /// Moderators who negate anything; not asked for yet where `nil`.
    var moderators: [Int64]?

    /// About how many bytes of memory all that takes.
    var approximateBytes: Int {
        negated.count * Self.settledBytes + negatedBy.values.reduce(0) { $0 + $1.bytes }
            + transactions.keys.reduce(0) { $0 + Self.transactionBytes + $1.name.count }
    }

    /// What is worth holding while nobody looks.
    var brief: Fates {
        var brief = self
        if negated.count > Self.mostBetweenLooks { brief.negated = [:] }
        if transactions.count > Self.mostBetweenLooks { brief.transactions = [:] }
        if negatedBy.values.reduce(0, { $0 + $1.bytes }) > Self.mostBetweenLooks * Self.settledBytes {
            brief.negatedBy = [:]
        }
        return brief
    }
}
