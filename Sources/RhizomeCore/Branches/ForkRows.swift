package import SignedStatements

/// Rows by which an author's forks are told.
package protocol ForkRows: BranchRows {
    /// The author's key.
    var author: PublicKey { get }

    /// The branches below a number that begin with a first.
    func firsts(below branch: Int64) throws -> [Int64]

    /// Runs through the crossings with which branches below a number begin, and as many others by (child's sequence and
    /// branch, parent's branch and sequence); none twice, in any order.
    func forEachCrossing(beginningBelow branch: Int64, _ body: (Crossing) throws -> Void) throws

    /// The sequence that follows a place's in its branch.
    func nextSequence(after place: Place) throws -> Int64?

    /// The header of the delta at a place, which is checked to be that of its id.
    func header(at place: Place) throws -> SignedHeader?
}

/// Among how many branches, the oldest first, forks are looked for, and among how many other crossings: a key that
/// forks wildly has begun hundreds of thousands, of which a few are evidence enough.
///
/// Each fork begins a branch; so none can be hidden behind crossings that are no forks.
private let mostBranches: Int64 = 1_024
/// How many crossings are followed for the forks at most: none is followed for those that honest logs have.
private let mostCrossings = 20_000

private struct TooManyCrossings: Error {}

extension ForkRows {
    /// Where the log parts, by (sequence, ids).
    package func forks(limit: Int) throws -> [Fork] {
        var forks: Set<Fork> = []
        var crossings = mostCrossings
        for (parent, children) in try siblings() where children.count > 1 && forks.count < limit {
            do {
                let parting = try Forks.parting(
                    children.map { (node: $0, branch: $0.branch, sequence: $0.sequence) }
                ) { child, sequence in
                    var reach = BranchReach()
                    reach.add(child)
                    guard try reach.follow(downTo: sequence, limit: &crossings, in: self) else {
                        throw TooManyCrossings()
                    }
                    return reach.last
                }
                guard let sequence = parting.map(\.sequence).min() else { continue }
                forks.insert(Fork(author: author, sequence: sequence, ids: try evidence(parting, after: parent)))
            } catch is TooManyCrossings {
                // Forks whose deltas have one sequence are still found.
                continue
            }
        }
        return forks.sorted()
    }

    /// The ids of deltas that part after one, or as firsts, by what their author signed: tables can't accuse anybody.
    private func evidence(_ parting: [Place], after parent: Place?) throws -> [DeltaID] {
        let before = try parent.map { try signed(at: $0).id }
        return try parting.map { place in
            let signed = try signed(at: place)
            let previous = signed.header.previous
            guard signed.author == author, before.map(previous.contains) ?? previous.isEmpty else {
                throw DeltaLogError(.corrupt, "the store tells of a fork that nobody signed; run rhizome-node audit")
            }
            return signed.id
        }
    }

    private func signed(at place: Place) throws -> SignedHeader {
        guard let signed = try header(at: place) else {
            throw DeltaLogError(.corrupt, "the store doesn't find a delta of a log; run rhizome-node audit")
        }
        return signed
    }

    /// The deltas that share a previous, as far as more than one can; under none, the firsts.
    private func siblings() throws -> [Place?: [Place]] {
        var siblings: [Place?: [Place]] = [:]
        for branch in try firsts(below: mostBranches) {
            siblings[nil, default: []].append(Place(author: number, branch: branch, sequence: 0))
        }
        try forEachCrossing(beginningBelow: mostBranches) { crossing in
            siblings[crossing.parent, default: []].append(crossing.child)
        }
        // The next one of the same branch names it too.
        for case .some(let parent) in siblings.keys {
            guard let sequence = try nextSequence(after: parent) else { continue }
            siblings[parent]?.append(Place(author: number, branch: parent.branch, sequence: sequence))
        }
        return siblings
    }
}
