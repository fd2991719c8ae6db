import Bytes
import RhizomeCore
import SignedStatements

/// One author's rows in memory, each found by looking through all.
struct MemoryBranchRows: Sendable {
    let author: PublicKey
    let number: Int64
    private let all: MemoryBranches
    private let crossings: [Crossing]
    private let places: [Place]

    init(_ all: MemoryBranches, _ author: PublicKey, number: Int64) {
        self.author = author
        self.number = number
        self.all = all
        crossings = all.crossings.filter { $0.child.author == number }
        places = all.positions.keys.filter { $0.author == number }.sorted { $0.sequence < $1.sequence }
    }

    private func delta(at place: Place) -> SignedDelta? { all.positions[place].map { all.deltas[$0 - 1] } }

    private var branches: [(number: Int64, branch: BranchBook.Branch)] {
        all.branches.filter { $0.key.author == number }.map { ($0.key.branch, $0.value) }
    }

    private func extent(_ number: Int64, _ branch: BranchBook.Branch) throws -> BranchExtent {
        try BranchExtent(branch: number, firstSequence: branch.firstSequence, lastSequence: branch.lastSequence)
    }
}

extension MemoryBranchRows: BranchRows {
    func place(of id: DeltaID) throws -> Place? { all.places[id].flatMap { $0.author == number ? $0 : nil } }

    func forEachBranch(_ body: (BranchExtent) throws -> Void) throws {
        for (number, branch) in branches { try body(extent(number, branch)) }
    }

    func firstSequence(of branch: Int64) throws -> Int64? {
        all.branches[BranchBook.BranchKey(author: number, branch: branch)]?.firstSequence
    }

    func forEachCrossing(from top: Int64, downTo sequence: Int64, _ body: (Crossing) throws -> Bool) throws {
        for crossing in crossings.reversed() where crossing.child.sequence <= top {
            guard crossing.child.sequence > sequence, try body(crossing) else { return }
        }
    }
}

extension MemoryBranchRows: AncestryRows {
    func forEachDelta(in sequences: ClosedRange<Int64>, _ body: (Place, DeltaID) throws -> Void) throws {
        for place in places where sequences.contains(place.sequence) {
            if let delta = delta(at: place) { try body(place, delta.id) }
        }
    }
}

extension MemoryBranchRows: HeadRows {
    func headCount() throws -> Int64? { all.authors[author]?.headCount }

    func notedHeads(limit: Int) throws -> [Head] {
        branches.filter(\.branch.isHead).prefix(limit).map { branch in
            DeltaLink(all.deltas[Int(branch.branch.lastPosition) - 1]).head
        }
    }

    func forEachBranchEnd(_ body: (BranchExtent, Timestamp) throws -> Void) throws {
        for (number, branch) in branches {
            let last = all.deltas[Int(branch.lastPosition) - 1]
            try body(extent(number, branch), last.header.timeCreated)
        }
    }

    func last(of branch: Int64, in sequences: ClosedRange<Int64>) throws -> Head? {
        let place = places.last { $0.branch == branch && sequences.contains($0.sequence) }
        return place.flatMap { delta(at: $0) }.map { DeltaLink($0).head }
    }
}

extension MemoryBranchRows: PullRows {
    func forEachDelta(
        in ranges: [Int64: ClosedRange<Int64>],
        _ body: (_ sequence: Int64, _ position: Int64) throws -> Bool
    ) throws {
        for place in places where ranges[place.branch]?.contains(place.sequence) == true {
            guard try body(place.sequence, Int64(all.positions[place] ?? 0)) else { return }
        }
    }

    func id(at position: Int64) throws -> DeltaID? { all.deltas[Int(position) - 1].id }

    func delta(at position: Int64) throws -> (id: DeltaID, bytes: [UInt8])? {
        let delta = all.deltas[Int(position) - 1]
        return (delta.id, delta.bytes)
    }
}

extension MemoryBranchRows: LocatorRows {
    func newestHeads(limit: Int) throws -> [(place: Place, id: DeltaID)] {
        let newest = branches.filter(\.branch.isHead).sorted { $0.branch.lastPosition > $1.branch.lastPosition }
        let heads = newest.prefix(limit).map { number, branch in
            (
                place: Place(author: self.number, branch: number, sequence: branch.lastSequence),
                id: all.deltas[Int(branch.lastPosition) - 1].id
            )
        }
        return heads.sorted { ($0.place.sequence, $0.id) > ($1.place.sequence, $1.id) }
    }

    func id(at place: Place) throws -> DeltaID? { delta(at: place)?.id }

    func lastCrossing(upTo place: Place) throws -> Int64? {
        crossings.last { $0.child.branch == place.branch && $0.child.sequence <= place.sequence }?.child.sequence
    }

    func anyBranch(at sequence: Int64) throws -> Int64? { places.first { $0.sequence == sequence }?.branch }

    func firstPrevious(of place: Place) throws -> DeltaID? { delta(at: place)?.header.previous.first }
}

extension MemoryBranchRows: ForkRows {
    func firsts(below branch: Int64) throws -> [Int64] {
        branches.filter { $0.number < branch && $0.branch.firstSequence == 0 }.map(\.number)
    }

    func forEachCrossing(beginningBelow branch: Int64, _ body: (Crossing) throws -> Void) throws {
        let beginnings = try crossings.filter { crossing in
            try crossing.child.branch < branch
                && firstSequence(of: crossing.child.branch) == crossing.child.sequence
        }
        for crossing in Set(beginnings + crossings.prefix(Int(branch))) { try body(crossing) }
    }

    func nextSequence(after place: Place) throws -> Int64? {
        places.first { $0.branch == place.branch && $0.sequence > place.sequence }?.sequence
    }

    func header(at place: Place) throws -> SignedHeader? { delta(at: place).map { SignedHeader($0) } }
}
