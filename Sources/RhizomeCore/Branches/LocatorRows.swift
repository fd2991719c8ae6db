/// Rows by which a peer is told how much is held of a log.
package protocol LocatorRows: BranchRows {
    /// The heads that were appended last, so many at most, the greatest (sequence, id) first.
    func newestHeads(limit: Int) throws -> [(place: Place, id: DeltaID)]

    /// The delta at a place.
    func id(at place: Place) throws -> DeltaID?

    /// The greatest sequence of a delta with a crossing in a place's branch, up to that place.
    func lastCrossing(upTo place: Place) throws -> Int64?

    /// Any branch with a delta of that sequence.
    func anyBranch(at sequence: Int64) throws -> Int64?

    /// What the delta at a place names as its first previous.
    func firstPrevious(of place: Place) throws -> DeltaID?
}

/// How many heads are told at most, so that there is room for what lies behind them.
private let mostHeads = 128
private let mostLocators = 256
/// How many crossings are looked at: a log that forks all the time is told less exactly.
private let mostCrossings = 1_024

extension LocatorRows {
    /// The heads, the newest where there are many, then along the first previous 1, 2, 4, 8, … steps back, and the first.
    package func locators() throws -> [DeltaID] {
        let heads = try newestHeads(limit: mostHeads)
        var locators = heads.map(\.id)
        var known = Set(locators)
        func add(_ id: DeltaID?, atMost limit: Int) {
            guard let id, locators.count < limit, known.insert(id).inserted else { return }
            locators.append(id)
        }
        var budget = mostCrossings
        for head in heads where locators.count < mostLocators {
            var walk = Walk(place: head.place)
            var step: Int64 = 1
            while try advance(&walk, to: step, budget: &budget) {
                // One is left for the first.
                add(try id(at: walk.place), atMost: mostLocators - 1)
                step *= 2
            }
            add(try id(at: walk.place), atMost: mostLocators)
        }
        return locators
    }

    /// Goes on until so many steps have been made; stops at the first, and answers `false` there.
    private func advance(_ walk: inout Walk, to steps: Int64, budget: inout Int) throws -> Bool {
        while walk.steps < steps {
            let here = walk.place
            guard here.sequence > 0 else { return false }
            // Above the next crossing of the branch each delta has one previous, one sequence below.
            let crossing = budget > 0 ? max(0, try lastCrossing(upTo: here) ?? 0) : 0
            let straight = min(steps - walk.steps, here.sequence - crossing)
            if straight > 0 {
                let sequence = here.sequence - straight
                // Without looking at crossings the place may not exist: any of that sequence will do.
                let branch = budget > 0 ? here.branch : try anyBranch(at: sequence) ?? here.branch
                walk.place = Place(author: number, branch: branch, sequence: sequence)
                walk.steps += straight
                continue
            }
            budget -= 1
            guard let previous = try firstPrevious(of: here).flatMap({ try place(of: $0) }) else { return false }
            walk.place = previous
            walk.steps += 1
        }
        return true
    }
}

/// A walk along the first previous.
private struct Walk {
    var place: Place
    var steps: Int64 = 0
}
