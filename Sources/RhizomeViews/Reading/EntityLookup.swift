internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// What one perspective sees of one state of a log, looked up as it is asked for (spec: views.md).
///
/// Nothing is read that can't matter: of each stream of words the last ones until one is in force, of others nothing; of
/// a delta only what its own author and moderators could have done to it. For one answer, in the body of
/// ``StateReading/read(_:)``.
final class EntityLookup {
    /// Whose words these are.
    private struct Author {
        let key: PublicKey
        /// Whether step 1 leaves anything of it.
        let isLeft: Bool
        /// Whether steps 1 and 5 leave anything of it; not asked for yet where `nil`.
        var isShown: Bool?
    }

    /// What one look at a state leaves to the next: how much filters may still cost, and what was settled.
    struct Settled: Sendable {
        fileprivate let filters: [DeltaFilter.Run]
        fileprivate let fates: Fates
        /// About how many bytes of memory it takes.
        let bytes: Int
    }

    /// Names of properties that are kept.
    private static let mostNames = 10_000
    /// Bytes of a name that is kept besides its own, about.
    private static let nameBytes = 80
    /// Bytes of a stream of an entity, about: views group and sort them.
    static let streamBytes = 3 * MemoryLayout<StreamEnd>.stride

    let snapshot: any LogSnapshot
    let perspective: Perspective
    /// Deltas at later positions don't count.
    let position: Int64
    /// Counts what is held on to.
    let memory: ReadingMemory
    /// Goes on from folds that are kept, where the answer may: for a look at all positions that remembers none before it.
    var keeper: FoldKeeper?
    /// What step 2 leaves of any stream comes before this; all where `nil`.
    let end: Word?
    private var filters: [DeltaFilter.Run]
    private var authors: [Int64: Author] = [:]
    private var numbers: [PublicKey: Int64?] = [:]
    private var contexts: [Text: Int64?] = [:]
    private var properties: [Int64: Text] = [:]
    var fates = Fates()
    /// On what an answer depends, as far as it was looked up.
    var dependencies = Dependencies()
    /// The entity that was looked up last.
    private var lastEntity: (id: Text, number: Int64?)?
    private var wide = WideDeltas()

    /// Looks at a state of a log.
    ///
    /// - Parameters:
    ///   - memory: counts what is held on to.
    ///   - position: the last that counts; all do where `nil`.
    ///   - settled: by an earlier look at this very state; what it takes is counted already.
    init(
        _ snapshot: any LogSnapshot,
        from perspective: Perspective,
        memory: ReadingMemory,
        upTo position: Int64? = nil,
        remembering settled: Settled? = nil
    ) {
        self.memory = memory
        self.snapshot = snapshot
        self.perspective = perspective
        self.position = position ?? snapshot.position
        end = perspective.asOf.flatMap { WordMoment.after($0) }.map { Word(moment: $0, position: 0) }
        filters = settled?.filters ?? perspective.filters.map { DeltaFilter.Run($0) }
        if let settled { fates = settled.fates }
    }

    /// What this look leaves to the next one at the same state.
    var settled: Settled {
        let fates = fates.brief
        return Settled(filters: filters, fates: fates, bytes: fates.approximateBytes)
    }

    /// Whether what was looked at is enough for one of several looks.
    var isLongEnough: Bool { snapshot.rowCount >= PinnedState.rows }

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
        try depend(on: .name(id))
        guard let entity = try entity(id) else { return }
        let numbers = try properties.map { try $0.compactMap { try context($0) }.sorted() }
        try snapshot.forEachStream(of: entity, on: numbers, by: { try self.isShown($0) && isRead($0) }, body)
    }

    /// What the perspective can show of an entity, by author and role.
    func streams(of id: Text, on properties: Set<Text>? = nil) throws -> [StreamEnd] {
        var streams: [StreamEnd] = []
        try forEachStream(of: id, on: properties) { end in
            streams.append(end)
            try memory.add(Self.streamBytes)
            return true
        }
        return streams
    }

    /// What step 1 leaves of an entity, by author and role.
    func allStreams(of id: Text) throws -> [StreamEnd] {
        try depend(on: .name(id))
        guard let entity = try entity(id) else { return [] }
        var streams: [StreamEnd] = []
        try snapshot.forEachStream(of: entity, on: nil, by: { author in try self.author(author).isLeft }) { end in
            streams.append(end)
            try memory.add(Self.streamBytes)
            return true
        }
        return streams
    }

    /// All that was said of an entity, by author and role, whatever the steps leave of it.
    func everyStream(of id: Text, on properties: Set<Text>? = nil) throws -> [StreamEnd] {
        guard let entity = try entity(id) else { return [] }
        let numbers = try properties.map { try $0.compactMap { try context($0) }.sorted() }
        var streams: [StreamEnd] = []
        try snapshot.forEachStream(of: entity, on: numbers, by: { _ in true }) { end in
            streams.append(end)
            try memory.add(Self.streamBytes)
            return true
        }
        return streams
    }

    /// Notes that what is looked up depends on something.
    func depend(on dependency: Dependency) throws {
        guard dependencies.add(dependency) else { return }
        let nameBytes = if case .name(let name) = dependency { name.count } else { 0 }
        try memory.add(100 + nameBytes)
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
                StreamEnd(stream: stream, last: $0, isTied: true)
            }
        }
    }

    /// The property about which a stream is.
    func property(of stream: WordStream) throws -> Text {
        let number = stream.role.property
        if let property = properties[number] { return property }
        let property = try snapshot.name(ofContext: number)
        if properties.count >= Self.mostNames {
            memory.remove(properties.values.reduce(0) { $0 + Self.nameBytes + $1.count })
            properties = [:]
        }
        properties[number] = property
        try memory.add(Self.nameBytes + property.count)
        return property
    }

    /// An entity's number; `nil` where no delta refers to it.
    func entity(_ id: Text) throws -> Int64? {
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
    /// - Parameters:
    ///   - bound: only those before it.
    ///   - body: whether to go on after a word.
    func forEachWord(
        ofReversed streamEnd: StreamEnd,
        before bound: Word? = nil,
        _ body: (Word) throws -> Bool
    ) throws {
        var before = bound.map { bound in end.map { min($0, bound) } ?? bound } ?? end
        if counts(streamEnd.last), bound.map({ streamEnd.last < $0 }) ?? true {
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

    /// Runs through the deltas of a stream that count, the last first.
    func forEachDelta(
        ofReversed streamEnd: StreamEnd,
        _ body: (_ delta: ViewedDelta, _ position: Int64) throws -> Void
    ) throws {
        guard try delta(at: streamEnd.last.position).isWide else {
            return try snapshot.forEachDelta(of: streamEnd.stream, before: end) { delta in
                if delta.position <= position { try body(ViewedDelta(delta), delta.position) }
                return true
            }
        }
        // They may be known already: a wide delta stands in the streams of many properties.
        try forEachWord(ofReversed: streamEnd) { word in
            try body(delta(at: word.position), word.position)
            return true
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
                guard try holds(delta) else { return true }
                last = (delta, word.moment)
                return end.isTied || word != end.last
            }
        }
        return last?.delta
    }

    /// A delta.
    func delta(at position: Int64) throws -> ViewedDelta {
        if let delta = wide.delta(at: position) { return delta }
        let delta = ViewedDelta(try snapshot.delta(at: position))
        try wide.keep(delta, at: position, memory)
        return delta
    }

    /// The delta of an id; `nil` where it isn't among those that count.
    func delta(_ id: DeltaID) throws -> ViewedDelta? {
        guard let position = try snapshot.position(of: id), position <= self.position else { return nil }
        return try delta(at: position)
    }

    /// What a delta says of an entity's property; `nil` where it says nothing.
    func statement(of property: Text, entity: Text, in delta: ViewedDelta) -> Statement? {
        wide.statement(of: property, entity: entity, in: delta)
    }

    // MARK: - Authors

    private func author(_ number: Int64) throws -> Author {
        if let author = authors[number] { return author }
        let key = try snapshot.key(of: number)
        let author = Author(key: key, isLeft: perspective.share(key) != .none)
        authors[number] = author
        numbers[key] = number
        try memory.add(3 * MemoryLayout<Author>.stride)
        return author
    }

    /// The author of a number.
    func key(of author: Int64) throws -> PublicKey { try self.author(author).key }

    /// An author's number; `nil` where nothing is held of it.
    func number(of key: PublicKey) throws -> Int64? {
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
        if let known = wide.isInForce(delta) { return known }
        let isInForce = try isLeft(delta) && !isNegated(delta) && passes(delta)
        wide.note(isInForce: isInForce, delta)
        return isInForce
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
        try memory.add(Fates.transactionBytes + transaction.count)
        return isComplete
    }

    /// Runs through what an author wrote as members of a transaction.
    func forEachMember(of transaction: Text, by author: PublicKey, _ body: (ViewedDelta) throws -> Void) throws {
        for end in try streams(of: transaction, by: author, ControlName.transaction, on: ControlName.deltas) {
            try forEachDelta(ofReversed: end) { delta, _ in try body(delta) }
        }
    }

    private func computesComplete(_ transaction: Text, of author: PublicKey) throws -> Bool {
        try depend(on: .name(transaction))
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
