internal import RhizomeCore
internal import SignedStatements

/// What doesn't fit between the deltas and what finds them: the first 1,000 findings.
struct IndexFindings {
    private static let limit = 1_000

    /// The authors by their numbers in the store.
    let keys: [Int64: PublicKey]
    private(set) var list: [AuditFinding] = []

    init(keys: [Int64: PublicKey]) { self.keys = keys }

    mutating func add(_ message: String, at position: Int64? = nil, of author: Int64? = nil) {
        guard list.count < Self.limit else { return }
        list.append(AuditFinding(.index, position: position, author: author.flatMap { keys[$0] }, message))
    }
}
