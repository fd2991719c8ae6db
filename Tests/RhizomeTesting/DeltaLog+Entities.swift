public import Bytes
public import RhizomeCore

extension DeltaLog {
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
