public import Bytes
internal import Locks
public import RhizomeCore
public import SignedStatements

/// A delta log in memory, as plain as can be: what the others are measured against, and what tests run on.
public final class InMemoryDeltaLog: DeltaLog {
    fileprivate struct State {
        var deltas: [StoredDelta] = []
        var runningHashes: [Bytes32] = []
        var indexes: [DeltaID: Int] = [:]
        var children: [DeltaID: [DeltaID]] = [:]
        var logs: [PublicKey: [Int]] = [:]
        var references: Set<EntityReference> = []
        var entityNumbers = Numbers<Text>()
        var authorNumbers = Numbers<PublicKey>()
        var contextNumbers = Numbers<Text>()
        var words: [Int64: [WordStream: [Word]]] = [:]
        var negations: [Int64: [DeltaID: [Word]]] = [:]
        var cursors: [String: Int64] = [:]
        var stalls: [Stall] = []
    }

    /// That an author refers to an entity by a local context.
    fileprivate struct EntityReference: Hashable {
        let author: Int64
        let localContext: Int64
        let entity: Text
    }

    /// What is noted once.
    private struct StallKey: Hashable {
        let id: DeltaID
        let version: String

        init(_ stall: Stall) {
            id = stall.id
            version = stall.version
        }
    }

    /// 16 bytes.
    public let epoch: [UInt8]
    private let version: String
    private let state = Lock(State())

    /// An empty log.
    ///
    /// - Parameters:
    ///   - epoch: 16 bytes, drawn anew where none are given.
    ///   - version: the software's, for stalls.
    public init(epoch: [UInt8]? = nil, version: String = "1") {
        self.epoch = epoch ?? (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        self.version = version
    }

    // MARK: - Writing

    /// Decides and appends, on the caller's thread and with nobody else.
    public func write<Value: Sendable>(
        _ body: @escaping @Sendable (any LogTransaction) throws -> Value
    ) async throws -> Value {
        try state.withLock { state in
            let (count, cursors) = (state.deltas.count, state.cursors)
            // The state lives in one place only, or the first delta would copy it.
            let transaction = InMemoryTransaction(state)
            state = State()
            defer { state = transaction.state }
            do {
                return try body(transaction)
            } catch {
                transaction.state.roll(back: count, cursors)
                throw error
            }
        }
    }

    /// Notes stalls, each once per id and version.
    public func record(_ stalls: [Stall]) async throws {
        state.withLock { state in
            var noted = Set(state.stalls.map { StallKey($0) })
            state.stalls += stalls.filter { noted.insert(StallKey($0)).inserted }
            state.stalls = state.stalls.suffix(Stall.most)
        }
    }

    // MARK: - Single deltas

    /// Which are held.
    public func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID> {
        state.withLock { state in Set(ids.filter { state.indexes[$0] != nil }) }
    }

    /// The links to those that are held.
    public func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink] {
        state.withLock { $0.links(of: ids) }
    }

    /// Those that are held.
    public func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta] {
        state.withLock { state in Set(ids).compactMap { id in state.indexes[id].map { state.deltas[$0] } } }
    }

    // MARK: - In order of acceptance

    /// How many are held.
    public func count() async throws -> Int64 { state.withLock { Int64($0.deltas.count) } }

    /// Those after a position.
    public func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta] {
        state.withLock { Array($0.deltas.dropFirst(Int(max(0, position))).prefix(max(0, limit))) }
    }

    /// The entries after a position.
    public func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry] {
        state.withLock { state in
            var left = maximumBytes
            let entries = state.deltas.dropFirst(Int(max(0, position))).map { stored in
                LogEntry(
                    position: stored.position,
                    id: stored.id,
                    header: stored.delta.headerBytes,
                    body: stored.delta.bodyBytes,
                    arrival: stored.arrival,
                    runningHash: state.runningHashes[Int(stored.position) - 1]
                )
            }
            let page = entries.prefix { entry in
                left -= entry.weight
                return left >= 0
            }
            return Array(page.isEmpty ? entries.prefix(1) : page)
        }
    }

    /// The next deltas of a selection.
    public func find(_ selection: DeltaSelection, after place: Word?, limit: Int) async throws -> FoundDeltas {
        func word(_ stored: StoredDelta) -> Word {
            let moment =
                selection.order == .accepted
                ? WordMoment(number: 0) : WordMoment(time: stored.delta.header.timeCreated, id: stored.id)
            return Word(moment: moment, position: stored.position)
        }
        let place =
            selection.order == .accepted
            ? place.map { Word(moment: WordMoment(number: 0), position: $0.position) } : place
        let words = state.withLock { $0.deltas }.filter { selection.contains($0.delta) }.map(word).sorted()
            .filter { word in place.map { word > $0 } ?? true }
        let found = words.prefix(limit)
        return FoundDeltas(positions: found.map(\.position), end: words.count > limit ? found.last : nil)
    }

    /// Those at some positions.
    public func deltas(at positions: [Int64]) async throws -> [StoredDelta] {
        state.withLock { state in positions.map { state.deltas[Int($0) - 1] } }
    }

    /// A cursor's position.
    public func cursor(_ name: String) async throws -> Int64 { state.withLock { $0.cursors[name] ?? 0 } }

    // MARK: - Entities

    /// Reads the log as it is now.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (any LogSnapshot) throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        return try body(InMemorySnapshot(state.withLock { $0 }))
    }

    // MARK: - Authors' logs

    /// An author's heads.
    public func heads(of author: PublicKey) async throws -> [Head] { state.withLock { $0.heads(of: author) } }

    /// Heads of a part of an author's log.
    public func heads(
        of author: PublicKey,
        upTo time: Timestamp?,
        within tips: [DeltaID]?,
        limit: Int
    ) async throws -> [Head] {
        state.withLock { $0.heads(of: author, upTo: time, within: tips, limit: limit) }
    }

    /// The heads of all.
    public func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead] {
        state.withLock { state in
            let heads = state.logs.keys.flatMap { author in
                state.heads(of: author).map { AuthorHead(author: author, id: $0.id) }
            }
            let rest = heads.filter { head in last.map { ($0.author, $0.id) < (head.author, head.id) } ?? true }
            return Array(rest.sorted { ($0.author, $0.id) < ($1.author, $1.id) }.prefix(max(0, limit)))
        }
    }

    /// The authors whose logs changed.
    public func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes {
        state.withLock { state in
            let heads: [(position: Int64, head: AuthorHead)] = state.summaries.flatMap { summary in
                let since = state.manyHeadsSince(summary.author)
                return state.heads(of: summary.author).map { head in
                    let own = state.indexes[head.id].map { state.deltas[$0].position } ?? 0
                    let position = since.map { max($0, own) } ?? summary.lastPosition
                    return (position, AuthorHead(author: summary.author, id: head.id))
                }
            }
            let rest = heads.filter { position, head in
                guard position == cursor.position else { return position > cursor.position }
                return cursor.head.map { head.id > $0 } ?? false
            }
            let sorted = rest.sorted { ($0.position, $0.head.id) < ($1.position, $1.head.id) }
            return Changes(sorted, after: cursor, limit: max(limit, 0))
        }
    }

    /// What tells a peer how much is held.
    public func locators(of author: PublicKey) async throws -> [DeltaID] {
        state.withLock { state in
            let heads = state.heads(of: author).reversed().map(\.id).prefix(128)
            var locators = Array(heads)
            for head in heads {
                var id = head
                var steps = 0
                var next = 1
                while let first = state.delta(id)?.header.previous.first {
                    id = first
                    steps += 1
                    guard steps == next else { continue }
                    if locators.count < 255, !locators.contains(id) { locators.append(id) }
                    next *= 2
                }
                if locators.count < 256, !locators.contains(id) { locators.append(id) }
            }
            return locators
        }
    }

    /// A page of a log.
    public func pull(_ request: PullRequest) async throws -> PullPage {
        state.withLock { state in
            let wanted = state.ancestry(of: request.want, author: request.author)
                .subtracting(state.ancestry(of: request.have, author: request.author))
            let ordered = wanted.compactMap { state.delta($0) }
                .sorted { ($0.header.sequence, $0.id) < ($1.header.sequence, $1.id) }
                .drop { delta in request.after.map { (delta.header.sequence, delta.id) <= $0 } ?? false }
            var page: [SignedDelta] = []
            var count = 0
            for delta in ordered {
                count += delta.bytes.count
                guard page.isEmpty || count <= request.maximumBytes else { break }
                page.append(delta)
            }
            return PullPage(
                deltas: page.map(\.bytes),
                last: page.last.map { ($0.header.sequence, $0.id) },
                hasMore: page.count < ordered.count
            )
        }
    }

    /// These and all before them.
    public func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry {
        state.withLock { Ancestry(and: $0.ancestry(of: ids, author: author)) }
    }

    /// All authors.
    public func authors() async throws -> [AuthorSummary] { state.withLock { $0.summaries } }

    /// An author's forks.
    public func forks(of author: PublicKey, limit: Int) async throws -> [Fork] {
        state.withLock { state in
            let log = (state.logs[author] ?? []).map { state.deltas[$0].delta }
            let firsts = log.filter { $0.header.previous.isEmpty }.map(\.id)
            var forks: Set<Fork> = []
            for siblings in [firsts] + log.compactMap({ state.children[$0.id] })
            where siblings.count > 1 && forks.count < limit {
                let parting = Forks.parting(siblings.map { state.sibling($0) }) { id, _ in
                    let reached = state.ancestry(of: [id], author: author).map { state.sibling($0) }
                    return Dictionary(uniqueKeysWithValues: reached.map { ($0.branch, $0.sequence) })
                }
                guard let sequence = parting.compactMap({ state.delta($0)?.header.sequence }).min() else { continue }
                forks.insert(Fork(author: author, sequence: sequence, ids: parting))
            }
            return forks.sorted()
        }
    }

    /// Those of these that are stalls of this version, and fit nowhere by what is held.
    public func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID> {
        var proven: Set<DeltaID> = []
        for stall in try await stalls() where ids.contains(stall.id) {
            if stall.isProven(held: try await links(of: stall.signed.header.previous)) { proven.insert(stall.id) }
        }
        return proven
    }

    /// The stalls of this version.
    public func stalls() async throws -> [Stall] {
        state.withLock { state in state.stalls.filter { $0.version == version } }
    }
}

/// A transaction of a log in memory.
private final class InMemoryTransaction: LogTransaction {
    var state: InMemoryDeltaLog.State

    init(_ state: InMemoryDeltaLog.State) { self.state = state }

    func links(of ids: [DeltaID]) throws -> [DeltaID: DeltaLink] { state.links(of: ids) }

    func glance<Value>(_ body: (any LogSnapshot) throws -> Value) throws -> Value? {
        try? body(InMemorySnapshot(state))
    }

    /// Appends those that aren't held.
    func append(_ batch: [AdmittedDelta], cursors: [String: Int64]) throws -> [StoredDelta] {
        var fresh: [DeltaID: AdmittedDelta] = [:]
        var order: [AdmittedDelta] = []
        for admitted in batch where state.indexes[admitted.delta.id] == nil {
            let delta = admitted.delta
            for id in delta.header.previous {
                guard let before = state.delta(id) ?? fresh[id]?.delta, before.author == delta.author else {
                    throw DeltaLogError(.notClosed, "a delta before \(delta.id) isn't held")
                }
            }
            if fresh.updateValue(admitted, forKey: delta.id) == nil { order.append(admitted) }
        }
        let count = state.deltas.count
        for admitted in order { state.add(admitted) }
        state.cursors.merge(cursors) { _, new in new }
        return Array(state.deltas[count...])
    }
}

extension InMemoryDeltaLog.State {
    /// Takes back what was appended after so many, and the cursors that were set.
    fileprivate mutating func roll(back count: Int, _ cursors: [String: Int64]) {
        if deltas.count > count {
            let old = self
            self = Self()
            for stored in old.deltas[..<count] { add(stored.delta, stored.arrival) }
            stalls = old.stalls
        }
        self.cursors = cursors
    }

    fileprivate func links(of ids: [DeltaID]) -> [DeltaID: DeltaLink] {
        var links: [DeltaID: DeltaLink] = [:]
        for id in ids { links[id] = link(id) }
        return links
    }

    fileprivate mutating func add(_ admitted: AdmittedDelta) { add(admitted.delta, admitted.arrival) }

    private mutating func add(_ delta: SignedDelta, _ arrival: Arrival) {
        let index = deltas.count
        let position = Int64(index + 1)
        deltas.append(StoredDelta(delta: delta, position: position, arrival: arrival))
        runningHashes.append(
            RunningHash.next(
                after: runningHashes.last ?? RunningHash.start,
                position: position,
                id: delta.id,
                arrival: arrival
            )
        )
        indexes[delta.id] = index
        for id in delta.header.previous { children[id, default: []].append(delta.id) }
        logs[delta.author, default: []].append(index)
        let author = authorNumbers.number(adding: delta.author)
        let word = Word(moment: WordMoment(time: delta.header.timeCreated, id: delta.id), position: position)
        for id in delta.body.pointers.negates {
            negations[author, default: [:]][id, default: []].append(word)
        }
        for reference in delta.body.references {
            let entity = entityNumbers.number(adding: reference.entity)
            let localContext = contextNumbers.number(adding: reference.localContext)
            references.insert(
                InMemoryDeltaLog.EntityReference(
                    author: author,
                    localContext: localContext,
                    entity: reference.entity
                )
            )
            let role = WordRole(
                property: contextNumbers.number(adding: reference.property),
                localContext: reference.localContext,
                hasValue: reference.hasValue
            )
            let stream = WordStream(entity: entity, author: author, role: role)
            var words = words[entity]?[stream] ?? []
            let index = words.lastIndex { $0 < word }.map { $0 + 1 } ?? 0
            if index < words.count, words[index] == word { continue }
            words.insert(word, at: index)
            self.words[entity, default: [:]][stream] = words
        }
    }

    fileprivate func delta(_ id: DeltaID) -> SignedDelta? { indexes[id].map { deltas[$0].delta } }

    /// Each delta is a branch of its own here.
    fileprivate func sibling(_ id: DeltaID) -> Forks.Sibling<DeltaID> {
        (node: id, branch: Int64(indexes[id] ?? 0), sequence: delta(id)?.header.sequence ?? 0)
    }

    fileprivate func link(_ id: DeltaID) -> DeltaLink? { delta(id).map { DeltaLink($0) } }

    fileprivate var summaries: [AuthorSummary] {
        logs.keys.sorted().compactMap { author in
            guard let log = logs[author], let last = log.last else { return nil }
            return AuthorSummary(author: author, count: Int64(log.count), lastPosition: Int64(last + 1))
        }
    }

    fileprivate func heads(of author: PublicKey) -> [Head] {
        (logs[author] ?? []).map { deltas[$0].delta }.filter { children[$0.id] == nil }.map { DeltaLink($0).head }
            .sorted { ($0.sequence, $0.id) < ($1.sequence, $1.id) }
    }

    fileprivate func heads(of author: PublicKey, upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) -> [Head] {
        let reached = tips.map { ancestry(of: $0, author: author) }
        let part = (logs[author] ?? []).map { deltas[$0].delta }.filter { delta in
            (time.map { delta.header.timeCreated <= $0 } ?? true) && (reached?.contains(delta.id) ?? true)
        }
        let followed = Set(part.flatMap(\.header.previous))
        return part.filter { !followed.contains($0.id) }.prefix(limit).map { DeltaLink($0).head }
    }

    /// Where the author got more heads than are told whole; `nil` where it hasn't so many.
    fileprivate func manyHeadsSince(_ author: PublicKey) -> Int64? {
        var heads: Set<DeltaID> = []
        var since: Int64?
        for stored in (logs[author] ?? []).map({ deltas[$0] }) {
            heads.subtract(stored.delta.header.previous)
            heads.insert(stored.id)
            since = heads.count > Changes.headsToldWhole ? since ?? stored.position : nil
        }
        return since
    }

    fileprivate func ancestry(of ids: [DeltaID], author: PublicKey) -> Set<DeltaID> {
        var found: Set<DeltaID> = []
        var waiting = ids
        while let id = waiting.popLast() {
            guard let delta = delta(id), delta.author == author, found.insert(id).inserted else { continue }
            waiting += delta.header.previous
        }
        return found
    }
}

/// What has a number, from 1 on.
private struct Numbers<Named: Hashable & Sendable>: Sendable {
    private(set) var named: [Named] = []
    private var numbers: [Named: Int64] = [:]

    func number(of name: Named) -> Int64? { numbers[name] }

    mutating func number(adding name: Named) -> Int64 {
        if let number = numbers[name] { return number }
        named.append(name)
        numbers[name] = Int64(named.count)
        return Int64(named.count)
    }

    subscript(number: Int64) -> Named { named[Int(number) - 1] }
}

/// One state of a log in memory.
private final class InMemorySnapshot: LogSnapshot {
    private let state: InMemoryDeltaLog.State
    private(set) var rowCount = 0

    init(_ state: InMemoryDeltaLog.State) { self.state = state }

    var position: Int64 { Int64(state.deltas.count) }

    private func counted<Value>(_ value: Value) -> Value {
        rowCount += 1
        return value
    }

    func entity(_ id: Text) throws -> Int64? { counted(state.entityNumbers.number(of: id)) }
    func author(_ key: PublicKey) throws -> Int64? { counted(state.authorNumbers.number(of: key)) }
    func key(of author: Int64) throws -> PublicKey { counted(state.authorNumbers[author]) }
    func context(_ name: Text) throws -> Int64? { counted(state.contextNumbers.number(of: name)) }
    func name(ofContext number: Int64) throws -> Text { counted(state.contextNumbers[number]) }

    func contexts(after name: Text?, limit: Int) throws -> [Text] {
        let page = state.contextNumbers.named.filter { context in name.map { context > $0 } ?? true }.sorted()
            .prefix(limit)
        rowCount += page.count + 1
        return Array(page)
    }

    func forEachStream(
        of entity: Int64,
        on properties: [Int64]?,
        by isRead: (Int64) throws -> Bool,
        _ body: (StreamEnd) throws -> Bool
    ) throws {
        let streams = (state.words[entity] ?? [:]).keys.filter { properties?.contains($0.role.property) ?? true }
        for stream in streams.sorted(by: { ($0.author, $0.role) < ($1.author, $1.role) })
        where try isRead(stream.author) {
            let words = words(of: stream)
            guard let last = counted(words.last) else { continue }
            let isTied = words.dropLast().last?.moment == last.moment
            guard try body(StreamEnd(stream: stream, last: last, isTied: isTied)) else { return }
        }
    }

    private func words(of stream: WordStream) -> [Word] { state.words[stream.entity]?[stream] ?? [] }

    private func counted(_ words: some Sequence<Word>) -> [Word] {
        let words = Array(words)
        rowCount += words.count + 1
        return words
    }

    func words(of stream: WordStream, before word: Word?, limit: Int) throws -> [Word] {
        counted(words(of: stream).reversed().lazy.filter { old in word.map { old < $0 } ?? true }.prefix(limit))
    }

    func words(of stream: WordStream, after word: Word?, limit: Int) throws -> [Word] {
        counted(words(of: stream).lazy.filter { old in word.map { old > $0 } ?? true }.prefix(limit))
    }

    func count(of stream: WordStream, before word: Word?, upTo position: Int64, limit: Int64) throws -> Int64 {
        let counted = words(of: stream).lazy.filter { old in
            old.position <= position && (word.map { old < $0 } ?? true)
        }
        let count = counted.prefix(Int(clamping: max(0, limit))).reduce(0) { count, _ in count + 1 }
        rowCount += count
        return Int64(count)
    }

    func negatedPrefixes(by author: Int64, limit: Int) throws -> [UInt64] {
        let negated = state.negations[author] ?? [:]
        let prefixes = negated.lazy.flatMap { id, words in words.map { _ in id.bytes.prefix64 } }
        return counted(Array(prefixes.prefix(limit)))
    }

    func negations(of id: DeltaID, by author: Int64, before word: Word?, limit: Int) throws -> [Word] {
        let words = state.negations[author]?[id] ?? []
        return counted(words.sorted(by: >).lazy.filter { old in word.map { old < $0 } ?? true }.prefix(limit))
    }

    private func references(by localContext: Int64?) -> [InMemoryDeltaLog.EntityReference] {
        state.references.filter { reference in localContext.map { reference.localContext == $0 } ?? true }
    }

    func author(referringBy localContext: Int64?, after author: Int64) throws -> Int64? {
        counted(references(by: localContext).map(\.author).filter { $0 > author }.min())
    }

    func entities(
        referredToBy author: Int64,
        by localContext: Int64?,
        after entity: Text?,
        limit: Int
    ) throws -> [Text] {
        let own = Set(references(by: localContext).filter { $0.author == author }.map(\.entity))
        let page = own.sorted().drop { id in entity.map { id <= $0 } ?? false }.prefix(limit)
        rowCount += page.count + 1
        return Array(page)
    }

    func refers(_ author: Int64, to entity: Text, by localContext: Int64) throws -> Bool {
        counted(
            state.references.contains(
                InMemoryDeltaLog.EntityReference(author: author, localContext: localContext, entity: entity)
            )
        )
    }

    func delta(at position: Int64) throws -> HeldDelta {
        let delta = counted(state.deltas[Int(position) - 1].delta)
        return HeldDelta(
            position: position,
            id: delta.id,
            author: delta.author,
            sequence: delta.header.sequence,
            timeCreated: delta.header.timeCreated,
            body: delta.body
        )
    }

    func forEachDelta(of stream: WordStream, before word: Word?, _ body: (HeldDelta) throws -> Bool) throws {
        for old in words(of: stream).reversed() where word.map({ old < $0 }) ?? true {
            guard try body(delta(at: old.position)) else { return }
        }
    }

    func position(of id: DeltaID) throws -> Int64? { counted(state.indexes[id]).map { Int64($0) + 1 } }

    func heads(of author: PublicKey, upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) throws -> [Head] {
        counted(state.heads(of: author, upTo: time, within: tips, limit: limit))
    }
}
