internal import Bytes
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
        var firsts: [(entity: Text, author: Int64)] = []
        var author: Int64 = 0
        while let next = try snapshot.author(referringBy: number, after: author) {
            author = next
            guard try isShown(author) else { continue }
            let first = try snapshot.entities(referredToBy: author, by: number, after: last, limit: 1).first
            if let first {
                firsts.append((first, author))
                try memory.add(first.count + MemoryLayout<(Text, Int64)>.stride)
            }
        }
        // The least so far, in order: whoever begins beyond the last of them adds none, and so don't those who come after.
        var least: [Text] = []
        for (first, author) in firsts.sorted(by: { $0.entity < $1.entity }) {
            if least.count == limit, let bound = least.last, first > bound { break }
            least = try merged(least, author, by: number, from: first, limit: limit)
        }
        return least
    }

    /// The least of some entities, in order, and of what an author refers to.
    private func merged(
        _ least: [Text],
        _ author: Int64,
        by localContext: Int64?,
        from first: Text,
        limit: Int
    ) throws -> [Text] {
        var own = [first]
        var size = 4
        while own.count < limit, let last = own.last {
            if least.count == limit, let bound = least.last, last > bound { break }
            let page = try snapshot.entities(referredToBy: author, by: localContext, after: last, limit: size)
            own += page
            guard page.count == size else { break }
            size *= 4
        }
        return Array(Set(least + own).sorted().prefix(limit))
    }
}
