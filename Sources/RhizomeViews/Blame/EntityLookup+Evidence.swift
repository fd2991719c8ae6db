internal import Bytes
internal import RhizomeCore
internal import SignedStatements

extension EntityLookup {
    /// Bytes of a delta that belongs to the evidence, about, as long as it is gathered.
    private static let evidenceBytes = 100

    /// All on which it depends whether some deltas count: of each the other members of its transactions with their
    /// sizes, what its author and moderators negate it by, and what it negates; of those the same, and so on.
    ///
    /// - Parameter most: how many at most.
    /// - Throws: ``EvidenceOverflow`` beyond that.
    /// - Complexity: O(what it gives).
    func evidence(from ids: some Sequence<DeltaID>, atMost most: Int) throws -> [DeltaID] {
        var found: [Int64: DeltaID] = [:]
        var waiting: [ViewedDelta] = []
        var transactions: Set<Fates.Transaction> = []
        func add(_ delta: ViewedDelta, at position: Int64) throws {
            guard found.updateValue(delta.id, forKey: position) == nil else { return }
            guard found.count <= most else { throw EvidenceOverflow() }
            try memory.add(Self.evidenceBytes + delta.approximateBytes)
            waiting.append(delta)
        }
        func add(_ id: DeltaID) throws {
            guard let position = try snapshot.position(of: id), position <= self.position, found[position] == nil
            else { return }
            try add(delta(at: position), at: position)
        }
        for id in ids { try add(id) }
        while let next = waiting.popLast() {
            for name in next.transactions {
                guard transactions.insert(Fates.Transaction(name: name, author: next.author)).inserted else { continue }
                try forEachPart(of: name, by: next.author) { part, position in try add(part, at: position) }
            }
            for id in next.negates { try add(id) }
            for author in perspective.moderators.subtracting(perspective.without).union([next.author]) {
                try forEachNegation(of: next, by: author) { negation, position in try add(negation, at: position) }
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Runs through what an author wrote as members of a transaction, and as its size.
    private func forEachPart(
        of transaction: Text,
        by author: PublicKey,
        _ body: (_ delta: ViewedDelta, _ position: Int64) throws -> Void
    ) throws {
        for property in [ControlName.deltas, ControlName.size] {
            for end in try streams(of: transaction, by: author, ControlName.transaction, on: property) {
                try forEachWord(of: end.stream) { word in
                    try body(delta(at: word.position), word.position)
                    return true
                }
            }
        }
    }

    /// Authors among those who say something of an entity whose forks keep them out.
    func forkedAuthors(of id: Text) throws -> [PublicKey] {
        try Set(everyStream(of: id).map(\.stream.author))
            .map { try key(of: $0) }
            .filter { author in
                guard perspective.authors?.contains(author) != false, !perspective.without.contains(author) else {
                    return false
                }
                return try perspective.forked.contains(author) || isRefused(author)
            }
            .sorted()
    }
}

/// There is more evidence than was asked for.
public struct EvidenceOverflow: Error {}
