internal import Bytes
public import RhizomeCore
public import SignedStatements

/// The contexts that are stored in a log, as a node's owner means them (spec: views.md, "Contexts").
///
/// A name means the last definition, by (timeCreated, id bytes), of its author that isn't negated and that trust doesn't
/// keep out, as of now. Each answer is worked out anew; what was read of definitions lately is kept by the cache.
public struct Contexts: Sendable {
    /// How many names are looked at together.
    private static let batch = 64

    private let log: any StateReading
    private let own: PublicKey
    private let perspective: Perspective
    private let cache: ViewCache

    /// The contexts of a log.
    ///
    /// - Parameters:
    ///   - own: whose node it is.
    ///   - exclusion: what trust keeps out.
    ///   - cache: of this log; told of all that is appended.
    public init(log: any StateReading, own: PublicKey, without exclusion: Exclusion, cache: ViewCache) {
        self.log = log
        self.own = own
        self.cache = cache
        perspective = Perspective(without: exclusion)
    }

    /// What a context is now; `nil` where there is none.
    ///
    /// - Throws: `CancellationError`, and what the log throws.
    @concurrent public func context(_ name: ContextName) async throws -> StoredContext? {
        let last = try await log.look(from: perspective) { try $0.definition(of: name) }
        guard let last else { return nil }
        let isKnown = cache.definitions.value(of: DefinitionKey(delta: last.id, name: name.name)) != nil
        return await cache.computing.run(cost: isKnown ? 0 : last.approximateBytes) { [cache] in
            StoredContext(name.name, last, memo: cache.definitions)
        }
    }

    /// What contexts there are, by the bytes of their names, of one name this node's own first and then by author.
    ///
    /// - Parameters:
    ///   - last: only those after this one, whether or not it is there.
    ///   - count: how many at most; 1 or more.
    /// - Throws: as above.
    @concurrent public func names(
        after last: ContextName? = nil,
        count: Int
    ) async throws -> (names: [ContextName], hasMore: Bool) {
        precondition(count > 0, "a page has room for a context")
        var found: [ContextName] = []
        if let last {
            let authors = try await log.look(from: perspective) { try $0.authorsOfDefinitions(of: last.name) }
            found += authors.sorted(by: isOrdered).filter { isOrdered(last.author, $0) }
                .map { ContextName(last.name, by: $0) }
        }
        var name = last?.name
        while found.count <= count {
            let names = try await log.look(from: perspective) { [name] lookup in
                try lookup.entities(referredToBy: ControlName.context, after: name, limit: Self.batch)
                    .map { (name: $0, authors: try lookup.authorsOfDefinitions(of: $0)) }
            }
            // A name that nobody defines visibly has no authors.
            for (name, authors) in names {
                found += authors.sorted(by: isOrdered).map { ContextName(name, by: $0) }
            }
            guard names.count == Self.batch, let next = names.last else { break }
            name = next.name
        }
        return (Array(found.prefix(count)), found.count > count)
    }

    private func isOrdered(_ first: PublicKey, _ second: PublicKey) -> Bool {
        if (first == own) != (second == own) { return first == own }
        return first < second
    }
}

extension EntityLookup {
    /// An author's last definition of a context that is in force.
    fileprivate func definition(of name: ContextName) throws -> ViewedDelta? {
        guard try isShown(name.author) else { return nil }
        let ends = try streams(of: name.name, by: name.author, ControlName.context, on: ControlName.definition)
        return try last(of: ends) { try $0.definition(of: name.name) != nil && isInForce($0) }
    }

    /// Who has a definition of a context that is in force.
    fileprivate func authorsOfDefinitions(of name: Text) throws -> Set<PublicKey> {
        let localClass = WordRole.localClass(of: ControlName.context)
        let definitions = try streams(of: name, on: [ControlName.definition])
            .filter { $0.stream.role.localClass == localClass }
        var authors: Set<PublicKey> = []
        for (author, ends) in Dictionary(grouping: definitions, by: \.stream.author) {
            let last = try last(of: ends) { try $0.definition(of: name) != nil && isInForce($0) }
            if last != nil { authors.insert(try key(of: author)) }
        }
        return authors
    }
}
