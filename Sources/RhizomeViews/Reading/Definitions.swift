public import Bytes
public import RhizomeCore
public import SignedStatements

/// The definitions of one kind that are stored in a log, as a node's owner means them (spec: schemas.md, "Names and
/// storing").
///
/// A name means the last definition, by (timeCreated, id bytes), of its author that isn't negated and that trust doesn't
/// keep out, as of now or a moment. Each answer is worked out anew; what was read of definitions lately is kept by the cache.
public struct Definitions<Content: Definition>: Sendable {
    /// How many names are looked at together.
    private static var batch: Int { 64 }

    private let log: any StateReading
    private let own: PublicKey
    private let perspective: Perspective
    private let cache: ViewCache

    /// The definitions of a log.
    ///
    /// - Parameters:
    ///   - own: whose node it is.
    ///   - exclusion: what trust keeps out.
    ///   - asOf: the moment as of which to look, µs since 1970; now where `nil`.
    ///   - cache: of this log; told of all that is appended.
    public init(
        log: any StateReading,
        own: PublicKey,
        without exclusion: Exclusion,
        asOf: Timestamp? = nil,
        cache: ViewCache
    ) {
        self.log = log
        self.own = own
        self.cache = cache
        perspective = Perspective(without: exclusion).narrowed(asOf: asOf)
    }

    /// What is defined under a name; `nil` where nothing is.
    ///
    /// - Throws: `CancellationError`, and what the log throws.
    @concurrent public func definition(_ name: DefinitionName) async throws -> StoredDefinition<Content>? {
        let last = try await log.look(from: perspective) { lookup in
            try lookup.definition(of: name, as: Content.localContext)
        }
        guard let last else { return nil }
        return await read(last, as: name.name)
    }

    /// Which delta defines a name in a state that is lent.
    ///
    /// - Throws: as well where that takes much memory to look up.
    package func version(of name: DefinitionName, in snapshot: any LogSnapshot) throws -> DeltaID? {
        try EntityLookup(snapshot, from: perspective, memory: ReadingMemory())
            .definition(of: name, as: Content.localContext)?.id
    }

    /// What a delta that was written here defines.
    package func definition(_ name: Text, in delta: SignedDelta) async -> StoredDefinition<Content>? {
        await read(ViewedDelta(delta), as: name)
    }

    private func read(_ delta: ViewedDelta, as name: Text) async -> StoredDefinition<Content>? {
        let key = DefinitionKey(localContext: Content.localContext, name: name, delta: delta.id)
        let isKnown = cache.definitions.value(of: key) != nil
        return await cache.computing.run(cost: isKnown ? 0 : delta.approximateBytes) { [cache] in
            StoredDefinition(name, delta, memo: cache.definitions)
        }
    }

    /// What definitions there are, by the bytes of their names, of one name this node's own first and then by author.
    ///
    /// - Parameters:
    ///   - last: only those after this one, whether or not it is there.
    ///   - count: how many at most; 1 or more.
    /// - Throws: as above.
    @concurrent public func names(
        after last: DefinitionName? = nil,
        count: Int
    ) async throws -> (names: [DefinitionName], hasMore: Bool) {
        precondition(count > 0, "a page has room for a name")
        var found: [DefinitionName] = []
        if let last {
            let authors = try await log.look(from: perspective) {
                try $0.authorsOfDefinitions(of: last.name, as: Content.localContext)
            }
            found += authors.sorted(by: isOrdered).filter { isOrdered(last.author, $0) }
                .map { DefinitionName(last.name, by: $0) }
        }
        var name = last?.name
        while found.count <= count {
            let names = try await log.look(from: perspective) { [name] lookup in
                try lookup.entities(referredToBy: Content.localContext, after: name, limit: Self.batch)
                    .map { (name: $0, authors: try lookup.authorsOfDefinitions(of: $0, as: Content.localContext)) }
            }
            // A name that nobody defines visibly has no authors.
            for (name, authors) in names {
                found += authors.sorted(by: isOrdered).map { DefinitionName(name, by: $0) }
            }
            guard names.count == Self.batch, let next = names.last else { break }
            name = next.name
        }
        return (Array(found.prefix(count)), found.count > count)
    }

    /// The deltas that define a name, the newest first: those that are in force.
    ///
    /// - Parameters:
    ///   - last: only those before this one, whether or not it is there.
    ///   - count: how many at most; 1 or more.
    /// - Complexity: O(definitions that are told, and those between them that aren't in force).
    @concurrent public func versions(
        of name: DefinitionName,
        before last: Moment? = nil,
        count: Int
    ) async throws -> [Moment] {
        try await log.look(from: perspective) { lookup in
            try lookup.definitions(of: name, as: Content.localContext, before: last, count: count)
        }
    }

    private func isOrdered(_ first: PublicKey, _ second: PublicKey) -> Bool {
        if (first == own) != (second == own) { return first == own }
        return first < second
    }
}

extension EntityLookup {
    /// An author's last definition of a name that is in force.
    ///
    /// - Complexity: a look-up where nothing is said of an entity of this name.
    func definition(of name: DefinitionName, as localContext: Text) throws -> ViewedDelta? {
        let ends = try streams(of: name.name, by: name.author, localContext, on: ControlName.definition)
        guard try !ends.isEmpty && isShown(name.author) else { return nil }
        return try last(of: ends) { try $0.definition(of: name.name, as: localContext) != nil && isInForce($0) }
    }

    /// An author's definitions of a name that are in force, the newest first.
    fileprivate func definitions(
        of name: DefinitionName,
        as localContext: Text,
        before last: Moment?,
        count: Int
    ) throws -> [Moment] {
        guard try isShown(name.author) else { return [] }
        // Those of the same microsecond come again, and are passed over by their ids.
        let bound = last.flatMap { WordMoment.after($0.timeCreated) }.map { Word(moment: $0, position: 0) }
        var found: [Moment] = []
        for end in try streams(of: name.name, by: name.author, localContext, on: ControlName.definition) {
            var taken = 0
            try forEachWord(ofReversed: end, before: bound) { word in
                let delta = try delta(at: word.position)
                if let last, delta.moment >= last { return true }
                guard delta.definition(of: name.name, as: localContext) != nil, try isInForce(delta) else {
                    return true
                }
                found.append(delta.moment)
                try memory.add(MemoryLayout<Moment>.stride)
                taken += 1
                return taken < count
            }
        }
        return Array(Set(found).sorted(by: >).prefix(count))
    }

    /// Who has a definition of a name that is in force.
    fileprivate func authorsOfDefinitions(of name: Text, as localContext: Text) throws -> Set<PublicKey> {
        let localClass = WordRole.localClass(of: localContext)
        let definitions = try streams(of: name, on: [ControlName.definition])
            .filter { $0.stream.role.localClass == localClass }
        var authors: Set<PublicKey> = []
        for (author, ends) in Dictionary(grouping: definitions, by: \.stream.author) {
            let last = try last(of: ends) { try $0.definition(of: name, as: localContext) != nil && isInForce($0) }
            if last != nil { authors.insert(try key(of: author)) }
        }
        return authors
    }
}
