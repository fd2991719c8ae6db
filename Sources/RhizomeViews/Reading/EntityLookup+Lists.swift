internal import Bytes
internal import HeapModule
internal import RhizomeCore

extension EntityLookup {
    /// The first entities to which authors that the perspective shows refer by a local context, by any where `nil`, ordered
    /// by their bytes: whether or not anything of that is in force.
    ///
    /// - Parameters:
    ///   - last: only those after this one.
    ///   - limit: how many at most; there are no more where there are fewer.
    /// - Complexity: O(authors who refer to anything so + entities given); nothing of what others refer to is looked at.
    func entities(referredToBy localContext: Text?, after last: Text?, limit: Int) throws -> [Text] {
        var number: Int64?
        if let localContext {
            number = try context(localContext)
            guard number != nil else { return [] }
        }
        var sources = Heap<EntitySource>()
        var author: Int64 = 0
        while let next = try snapshot.author(referringBy: number, after: author) {
            author = next
            guard try isShown(author) else { continue }
            var source = EntitySource(author: author, last: last)
            try fill(&source, by: number)
            if !source.entities.isEmpty { sources.insert(source) }
        }
        var least: [Text] = []
        while least.count < limit, var source = sources.popMin(), let entity = source.entities.popLast() {
            if entity != least.last { least.append(entity) }
            if source.entities.isEmpty { try fill(&source, by: number) }
            if !source.entities.isEmpty { sources.insert(source) }
        }
        return least
    }

    /// Reads what an author refers to next: one entity to begin with, then more at a time, since of most authors few are
    /// among the first.
    private func fill(_ source: inout EntitySource, by localContext: Int64?) throws {
        guard !source.isOver else { return }
        let page = try snapshot.entities(
            referredToBy: source.author,
            by: localContext,
            after: source.last,
            limit: source.size
        )
        try memory.add(page.reduce(MemoryLayout<EntitySource>.stride) { $0 + $1.count + MemoryLayout<Text>.stride })
        source.isOver = page.count < source.size
        source.last = page.last ?? source.last
        source.entities = page.reversed()
        source.size = min(4 * source.size, EntitySource.mostEntities)
    }
}

/// What an author refers to, in the order of its bytes, as far as it was read.
private struct EntitySource: Comparable {
    /// Entities that are read at once.
    static let mostEntities = 64

    let author: Int64
    /// The last one that was read.
    var last: Text?
    /// The next one last.
    var entities: [Text] = []
    var isOver = false
    /// How many are read next.
    var size = 1

    init(author: Int64, last: Text?) {
        self.author = author
        self.last = last
    }

    static func < (left: Self, right: Self) -> Bool {
        guard let one = left.entities.last, let other = right.entities.last else { return right.entities.last != nil }
        return one < other
    }
    static func == (left: Self, right: Self) -> Bool { left.entities.last == right.entities.last }
}
