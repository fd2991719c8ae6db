public import Bytes
public import RhizomeCore
public import RhizomeIdentity
public import SignedStatements

/// What would be seen otherwise if an author were distrusted: entity by entity, in the order of their bytes.
///
/// Costs what reading the entities takes to which the author refers, each twice, and a look-up in an index for some
/// hundreds of them; what others have said elsewhere isn't read.
public struct DistrustImpact: Sendable {
    private static let page = 500

    private let log: any AcceptanceOrder & StateReading
    private let author: PublicKey
    private let difference: EntityDifference
    private var entities: ArraySlice<Text> = []
    private var last: Text?
    private var isOver = false

    /// - Parameters:
    ///   - log: in one state, which doesn't change meanwhile.
    ///   - exclusion: what trust keeps out now.
    ///   - distrusted: what it would keep out then.
    ///   - entity: after which to go on; from the first where `nil`.
    public init(
        of author: PublicKey,
        in log: any AcceptanceOrder & StateReading,
        now exclusion: Exclusion,
        then distrusted: Exclusion,
        after entity: Text? = nil
    ) {
        self.log = log
        self.author = author
        difference = EntityDifference(
            from: EntityReader(log: log, perspective: Perspective(without: exclusion)),
            to: EntityReader(log: log, perspective: Perspective(without: distrusted))
        )
        last = entity
    }

    /// The next entity to which the author refers, also one that wouldn't change; `nil` at the end.
    ///
    /// - Parameter body: told of each property that would change, in the order of their names.
    /// - Returns: the entity, how many properties would change, and whether nothing would be seen of it any more.
    public mutating func next(
        _ body: (_ entity: Text, EntityDifference.Change) async throws -> Void
    ) async throws -> (entity: Text, changeCount: Int, vanishes: Bool)? {
        if entities.isEmpty, !isOver { try await read() }
        guard let entity = entities.popFirst() else { return nil }
        var count = 0
        let visibility = try await difference.forEachChange(of: entity) { change in
            count += 1
            try await body(entity, change)
        }
        return (entity, count, visibility.before && !visibility.after)
    }

    private mutating func read() async throws {
        let (author, last) = (author, last)
        let page = try await log.read { snapshot -> [Text] in
            guard let number = try snapshot.author(author) else { return [] }
            return try snapshot.entities(referredToBy: number, by: nil, after: last, limit: Self.page)
        }
        entities = page[...]
        self.last = page.last ?? last
        isOver = page.count < Self.page
    }
}

extension Exclusion {
    /// The same if an author were distrusted besides, with this `keep`.
    ///
    /// - Throws: what the log throws.
    public func distrusting(
        _ author: PublicKey,
        keep: Keep,
        in log: any AuthorLogs
    ) async throws -> Exclusion {
        var kept = kept
        kept[author] = nil
        let left: Ancestry?
        switch keep {
        case .all: left = nil
        case .none: left = Ancestry()
        case .ids(let named):
            let ids = named.map { DeltaID($0) }
            kept[author] = ids
            left = try await log.ancestry(of: ids, author: author)
        }
        let own: Perspective.Share = left == nil ? .all : kept[author] == nil ? .none : .part
        return Exclusion(number: number, kept: kept) { [isExcluded] delta in
            guard delta.author == author else { return isExcluded(delta) }
            return left.map { !$0.contains(delta.id, sequence: delta.sequence) } ?? false
        } share: { [share] other in
            other == author ? own : share(other)
        }
    }
}
