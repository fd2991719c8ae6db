public import Bytes
public import RhizomeCore

extension DeltaLog {
    /// The positions of the deltas that refer to an entity, in order.
    public func positions(about id: Text) async throws -> [Int64] {
        try await read { snapshot in
            guard let entity = try snapshot.entity(id) else { return [] }
            var positions: Set<Int64> = []
            try snapshot.forEachStream(of: entity, on: nil, by: { _ in true }) { end in
                positions.formUnion(try snapshot.words(of: end.stream, after: nil, limit: .max).map(\.position))
                return true
            }
            return positions.sorted()
        }
    }

    /// The entities to which each author refers by a local context, by any where `nil`, in order of the authors' numbers.
    public func entities(referredToBy localContext: Text?) async throws -> [[Text]] {
        try await read { snapshot in
            var number: Int64?
            if let localContext {
                number = try snapshot.context(localContext)
                guard number != nil else { return [] }
            }
            var entities: [[Text]] = []
            var author: Int64 = 0
            while let next = try snapshot.author(referringBy: number, after: author) {
                author = next
                var own: [Text] = []
                while true {
                    let page = try snapshot.entities(referredToBy: author, by: number, after: own.last, limit: 17)
                    own += page
                    guard page.count == 17 else { break }
                }
                entities.append(own)
            }
            return entities
        }
    }
}
