internal import Bytes
internal import RhizomeCore
internal import SignedLog

/// What one perspective sees of one state of a log, looked up as it is asked for (spec: views.md).
///
/// Nothing is read that can't matter: of each stream of words the last ones until one is in force, of others nothing; of
/// a delta only what its own author and moderators could have done to it. For one answer, in the body of
/// ``DeltaLog/read(_:)``.
final class EntityLookup {
    /// Whose words these are.
    private struct Author {
        let key: PublicKey
        /// Whether step 1 leaves anything of it.
        let isLeft: Bool
        /// Whether steps 1 and 5 leave anything of it; not asked for yet where `nil`.
        var isShown: Bool?
    }

    let snapshot: any LogSnapshot
    let perspective: Perspective
    /// Deltas at later positions don't count.
    let position: Int64
    /// What step 2 leaves of any stream comes before this; all where `nil`.
    let end: Word?
    private var filters: [DeltaFilter.Run]
    private var authors: [Int64: Author] = [:]
    private var numbers: [PublicKey: Int64?] = [:]
    private var contexts: [Text: Int64?] = [:]
    private var properties: [Int64: Text] = [:]
    private var fates = Fates()
    private var dependencies = Dependencies()
    /// The entity that was looked up last.
    private var lastEntity: (id: Text, number: Int64?)?

    /// Looks at a state of a log.
    ///
    /// - Parameter position: the last that counts; all do where `nil`.
    init(_ snapshot: any LogSnapshot, from perspective: Perspective, upTo position: Int64? = nil) {
        self.snapshot = snapshot
        self.perspective = perspective
        self.position = position ?? snapshot.position
        end = perspective.asOf.flatMap { WordMoment.after($0) }.map { Word(moment: $0, position: 0) }
        filters = perspective.filters.map { DeltaFilter.Run($0) }
    }

    /// The names on which what was looked up depends: a delta that points to none of them changes nothing of it.
    ///
    /// Entities, transactions, and the ids of deltas; `nil` where they are too many to be kept.
    var names: Set<Text>? { dependencies.names }

    // MARK: - Streams

    /// Runs through what the perspective can show of an entity, by author and role.
    ///
    /// - Parameters:
    ///   - properties: those that alone matter; all do where `nil`.
    ///   - isRead: which of the authors who are shown matter.
    ///   - body: whether to go on after a stream.
    func forEachStream(
        of id: Text,
        on properties: Set<Text>? = nil,
        by isRead: (_ author: Int64) throws -> Bool = { _ in true },
        _ body: (StreamEnd) throws -> Bool
    ) throws {
        dependencies.add(id)
        guard let entity = try entity(id) else { return }
        let numbers = try properties.map { try $0.compactMap { try context($0) }.sorted() }
        try snapshot.forEachStream(of: entity, on: numbers, by: { try self.isShown($0) && isRead($0) }, body)
    }

    /// What the perspective can show of an entity, by author and role.
    func streams(of id: Text, on properties: Set<Text>? = nil) throws -> [StreamEnd] {
        var streams: [StreamEnd] = []
        try forEachStream(of: id, on: properties) { end in
            streams.append(end)
            return true
        }
        return streams
    }

    /// What step 1 leaves of an entity, by author and role.
    func allStreams(of id: Text) throws -> [StreamEnd] {
        dependencies.add(id)
        guard let entity = try entity(id) else { return [] }
        var streams: [StreamEnd] = []
        try snapshot.forEachStream(of: entity, on: nil, by: { author in try self.author(author).isLeft }) { end in
            streams.append(end)
            return true
        }
        return streams
    }

    /// What an author says of an entity's property by local contexts of one class, with and without a value.
    func streams(
        of id: Text,
        by author: PublicKey,
        _ localContext: Text,
        on property: Text
    ) throws -> [StreamEnd] {
        guard let entity = try entity(id), let author = try number(of: author),
            let property = try context(property)
        else { return [] }
        return try [true, false].compactMap { hasValue in
            let role = WordRole(property: property, localContext: localContext, hasValue: hasValue)
            let stream = WordStream(entity: entity, author: author, role: role)
            return try snapshot.words(of: stream, before: end, limit: 1).first.map {
                StreamEnd(stream: stream, last: $0)
            }
        }
    }

    /// The property about which a stream is.
    func property(of stream: WordStream) throws -> Text {
        let number = stream.role.property
        if let property = properties[number] { return property }
        let property = try snapshot.name(ofContext: number)
        properties[number] = property
        return property
    }

    /// An entity's number; `nil` where no delta refers to it.
    private func entity(_ id: Text) throws -> Int64? {
        if let lastEntity, lastEntity.id == id { return lastEntity.number }
        let number = try snapshot.entity(id)
        lastEntity = (id, number)
        return number
    }

    /// A context's number; `nil` where no delta has it.
    func context(_ name: Text) throws -> Int64? {
        if let known = contexts[name] { return known }
        let number = try snapshot.context(name)
        contexts[name] = number
        return number
    }

    /// Whether step 2 and the position leave a word.
    func counts(_ word: Word) -> Bool { word.position <= position && (end.map { word < $0 } ?? true) }

    /// Runs through the words of a stream that count, the first first.
    ///
    /// - Parameter body: whether to go on after a word.
    func forEachWord(of stream: WordStream, _ body: (Word) throws -> Bool) throws {
        var after: Word?
        var limit = 2
        while true {
            let page = try snapshot.words(of: stream, after: after, limit: limit)
            for word in page {
                if let end, word >= end { return }
                guard word.position <= position else { continue }
                guard try body(word) else { return }
            }
            guard page.count == limit else { return }
            after = page.last
            limit = min(8 * limit, 256)
        }
    }

    /// Runs through the words of a stream that count, the last first.
    ///
    /// - Parameter body: whether to go on after a word.
    func forEachWord(ofReversed streamEnd: StreamEnd, _ body: (Word) throws -> Bool) throws {
        var before = end
        if counts(streamEnd.last) {
            // Most often it is what is looked for.
            guard try body(streamEnd.last) else { return }
            before = streamEnd.last
        }
        var limit = 2
        while true {
            let page = try snapshot.words(of: streamEnd.stream, before: before, limit: limit)
            for word in page where word.position <= position {
                guard try body(word) else { return }
            }
            guard page.count == limit else { return }
            before = page.last
            limit = min(8 * limit, 256)
        }
    }

    /// The last delta among some streams for which something holds, by (timeCreated, id bytes).
    func last(of streams: [StreamEnd], where holds: (ViewedDelta) throws -> Bool) throws -> ViewedDelta? {
        var last: (delta: ViewedDelta, moment: WordMoment)?
        for end in streams.sorted(by: { $0.last > $1.last }) {
            if let last, end.last.moment < last.moment { break }
            try forEachWord(ofReversed: end) { word in
                if let last, word.moment < last.moment { return false }
                let delta = try self.delta(at: word.position)
                if let last, delta.moment <= last.delta.moment { return true }
                if try holds(delta) { last = (delta, word.moment) }
                return true
            }
        }
        return last?.delta
    }

    /// A delta.
    func delta(at position: Int64) throws -> ViewedDelta { ViewedDelta(try snapshot.delta(at: position)) }

    // MARK: - Authors

    private func author(_ number: Int64) throws -> Author {
        if let author = authors[number] { return author }
        let key = try snapshot.key(of: number)
        let author = Author(key: key, isLeft: perspective.share(key) != .none)
        authors[number] = author
        return author
    }

    /// The author of a number.
    func key(of author: Int64) throws -> PublicKey { try self.author(author).key }

    /// An author's number; `nil` where nothing is held of it.
    private func number(of key: PublicKey) throws -> Int64? {
        if let known = numbers[key] { return known }
        let number = try snapshot.author(key)
        numbers[key] = number
        return number
    }

    /// Whether steps 1 and 5 leave anything of an author.
    func isShown(_ number: Int64) throws -> Bool {
        var author = try author(number)
        if let isShown = author.isShown { return isShown }
        let isShown = try author.isLeft && perspective.picks(author.key) && !isRefused(author.key)
        author.isShown = isShown
        authors[number] = author
        return isShown
    }

    /// Whether steps 1 and 5 leave anything of an author.
    func isShown(_ author: PublicKey) throws -> Bool { try number(of: author).map { try isShown($0) } ?? false }

    /// Whether an author has more heads than one among what steps 1 and 2 leave, where the perspective asks for that.
    func isRefused(_ author: PublicKey) throws -> Bool {
        guard perspective.refusesForked else { return false }
        return try snapshot.heads(
            of: author,
            upTo: perspective.asOf,
            within: perspective.kept[author],
            limit: 2
        ).count > 1
    }

    // MARK: - Fates

    /// Whether a delta of an author whom step 5 leaves is left by all steps, and not negated.
    func isInForce(_ delta: ViewedDelta) throws -> Bool {
        guard try isLeft(delta), try !isNegated(delta) else { return false }
        return try passes(delta)
    }

    /// Whether the filters leave a delta.
    func passes(_ delta: ViewedDelta) throws -> Bool {
        for index in filters.indices {
            guard try filters[index].passes(delta) else { return false }
        }
        return true
    }

    /// Whether steps 1 to 3 leave a delta.
    func isLeft(_ delta: ViewedDelta) throws -> Bool {
        guard perspective.leaves(delta) else { return false }
        return try delta.transactions.allSatisfy { try isComplete($0, of: delta.author) }
    }

    /// Whether a transaction of an author is complete among what steps 1 and 2 leave.
    func isComplete(_ transaction: Text, of author: PublicKey) throws -> Bool {
        let key = Fates.Transaction(name: transaction, author: author)
        if let known = fates.transactions[key] { return known }
        let isComplete = try computesComplete(transaction, of: author)
        fates.transactions[key] = isComplete
        return isComplete
    }

    /// What an author wrote as members of a transaction.
    func members(of transaction: Text, by author: PublicKey) throws -> [ViewedDelta] {
        var members: [ViewedDelta] = []
        for end in try streams(of: transaction, by: author, ControlName.transaction, on: ControlName.deltas) {
            try forEachWord(ofReversed: end) { word in
                members.append(try delta(at: word.position))
                return true
            }
        }
        return members
    }

    private func computesComplete(_ transaction: Text, of author: PublicKey) throws -> Bool {
        dependencies.add(transaction)
        let sizes = try streams(of: transaction, by: author, ControlName.transaction, on: ControlName.size)
        guard let size = try last(of: sizes, where: perspective.leaves),
            case .integer(let count) = size.value(of: ControlName.size, entity: transaction), count >= 0
        else { return false }
        var missing = count
        for end in try streams(of: transaction, by: author, ControlName.transaction, on: ControlName.deltas) {
            guard missing > 0 else { break }
            if perspective.share(author) == .all {
                missing -= try snapshot.count(of: end.stream, before: self.end, upTo: position, limit: missing)
            } else {
                try forEachWord(ofReversed: end) { word in
                    if perspective.leaves(try delta(at: word.position)) { missing -= 1 }
                    return missing > 0
                }
            }
        }
        return missing <= 0
    }

    // MARK: - Negation

    /// Whether a delta that steps 1 to 3 leave is negated.
    ///
    /// Chains are followed without recursion, breadth for breadth: of each delta the negations one by one, until one is in
    /// force. Ids are hashes of what names them, so there are no circles.
    ///
    /// - Complexity: O(what its author and moderators said of it, and so on); memory for the depth and what was settled.
    func isNegated(_ delta: ViewedDelta) throws -> Bool {
        if let known = fates.negated[delta.id] { return known }
        fates.makeRoom()
        var stack = [try pending(delta)]
        guard !stack[0].negations.isEmpty else { return false }
        while var top = stack.popLast() {
            if let asked = top.asked, fates.negated[asked] == false {
                fates.negated[top.id] = true
                continue
            }
            guard let next = try nextNegation(&top) else {
                fates.negated[top.id] = false
                continue
            }
            top.asked = next.id
            stack.append(top)
            if fates.negated[next.id] == nil { stack.append(try pending(next)) }
        }
        return fates.negated[delta.id] ?? false
    }

    /// A delta with what could negate it.
    private func pending(_ delta: ViewedDelta) throws -> Fates.Pending {
        let name = Text(delta.id.description)
        dependencies.add(name)
        func streams(by author: PublicKey) throws -> [StreamEnd] {
            try self.streams(of: name, by: author, ControlName.negates, on: ControlName.negatedBy)
        }
        var negations = try streams(by: delta.author)
        var others: [StreamEnd] = []
        for moderator in perspective.moderators.subtracting(perspective.without) where moderator != delta.author {
            others += try streams(by: moderator)
        }
        if !others.isEmpty, try !isWithdrawal(delta) { negations += others }
        return Fates.Pending(id: delta.id, negations: negations.map(\.stream), before: end)
    }

    /// Whether a delta negates one by its own author that steps 1 to 3 leave: nobody else takes that back.
    private func isWithdrawal(_ delta: ViewedDelta) throws -> Bool {
        try Set(delta.negates).contains { id in
            dependencies.add(Text(id.description))
            guard let position = try snapshot.position(of: id), position <= self.position else { return false }
            let target = try self.delta(at: position)
            return try target.author == delta.author && isLeft(target)
        }
    }

    /// The next delta that negates one and is left by steps 1 to 3.
    private func nextNegation(_ pending: inout Fates.Pending) throws -> ViewedDelta? {
        while true {
            if let word = pending.words.popLast() {
                guard word.position <= position else { continue }
                let delta = try delta(at: word.position)
                // Others of its words may stand in the same stream.
                if delta.negates.contains(pending.id), try isLeft(delta) { return delta }
                continue
            }
            guard let stream = pending.negations.last else { return nil }
            let page = try snapshot.words(of: stream, before: pending.before, limit: Fates.Pending.page)
            pending.words = page.reversed()
            pending.before = page.last
            if page.count < Fates.Pending.page {
                pending.negations.removeLast()
                pending.before = end
            }
        }
    }
}

/// What is settled of deltas and transactions, for one answer.
private struct Fates {
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
        /// Streams of what could negate it, of which words are still to be read.
        var negations: [WordStream]
        /// Words of the last of these streams that were read, the next one last.
        var words: [Word] = []
        /// Before which word to go on in that stream.
        var before: Word?
        /// What negates it if it isn't negated itself.
        var asked: DeltaID?

        init(id: DeltaID, negations: [WordStream], before: Word?) {
            self.id = id
            self.negations = negations
            self.before = before
        }
    }

    /// How much is remembered from one delta to the next.
    private static let most = 100_000

    /// Whether deltas are negated that somebody tried to negate.
    var negated: [DeltaID: Bool] = [:]
    var transactions: [Transaction: Bool] = [:]

    /// Forgets what fills too much memory; it is looked up again.
    mutating func makeRoom() {
        if negated.count > Self.most { negated = [:] }
        if transactions.count > Self.most { transactions = [:] }
    }
}

/// Names on which an answer depends, as long as they are few enough for it to be kept.
private struct Dependencies {
    private static let most = 2_000

    private(set) var names: Set<Text>? = []

    mutating func add(_ name: Text) {
        names?.insert(name)
        if let count = names?.count, count > Self.most { names = nil }
    }
}

extension ViewedDelta {
    /// What views need of a delta.
    init(_ delta: HeldDelta) {
        self.init(
            id: delta.id,
            author: delta.author,
            host: delta.body.host,
            sequence: delta.sequence,
            timeCreated: delta.timeCreated,
            pointers: delta.body.pointers
        )
    }
}
