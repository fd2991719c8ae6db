/// Rows by which pages of a log are read.
package protocol PullRows: BranchRows {
    /// Runs through the deltas that lie in these ranges of sequences of branches, the least sequence first.
    ///
    /// - Parameter body: whether to go on after a delta.
    func forEachDelta(
        in ranges: [Int64: ClosedRange<Int64>],
        _ body: (_ sequence: Int64, _ position: Int64) throws -> Bool
    ) throws

    /// The id of the delta at a position.
    func id(at position: Int64) throws -> DeltaID?

    /// The delta at a position: its id and the signed delta as it was received.
    func delta(at position: Int64) throws -> (id: DeltaID, bytes: [UInt8])?
}

extension PullRows {
    /// A page of what the wanted reach and the held don't.
    package func pull(_ request: PullRequest) throws -> PullPage {
        let start = request.after?.sequence ?? 0
        var wanted = try reach(request.want)
        var held = try reach(request.have)
        try BranchReach.follow(wanted: &wanted, held: &held, downTo: start, in: self)
        var ranges: [Int64: ClosedRange<Int64>] = [:]
        for branch in wanted.branches {
            guard let last = wanted[branch] else { continue }
            let first = max(start, (held[branch] ?? -1) + 1)
            if first <= last { ranges[branch] = first...last }
        }
        var page = Page(maximumBytes: request.maximumBytes, after: request.after)
        var positions: [Int64] = []
        var sequence: Int64 = -1
        if !ranges.isEmpty {
            try forEachDelta(in: ranges) { next, position in
                if next != sequence {
                    try add(positions, sequence: sequence, to: &page)
                    positions = []
                    sequence = next
                }
                positions.append(position)
                return !page.isFull
            }
        }
        try add(positions, sequence: sequence, to: &page)
        return PullPage(deltas: page.deltas, last: page.last, hasMore: page.isFull)
    }

    /// Adds the deltas of one sequence, which come by id.
    private func add(_ positions: [Int64], sequence: Int64, to page: inout Page) throws {
        for position in try sorted(positions) where !page.isFull {
            guard let delta = try delta(at: position) else {
                throw DeltaLogError(.corrupt, "the store has lost a delta of a log; run rhizome-node audit")
            }
            guard !page.isBehind(sequence, delta.id) else { continue }
            page.add(delta.bytes, sequence: sequence, id: delta.id)
        }
    }

    /// The positions of deltas, by the bytes of their ids.
    private func sorted(_ positions: [Int64]) throws -> [Int64] {
        guard positions.count > 1 else { return positions }
        let ids = try positions.map { position in (id: try id(at: position), position: position) }
        return ids.sorted { left, right in
            guard let leftID = left.id, let rightID = right.id else { return left.id == nil && right.id != nil }
            return leftID < rightID
        }.map(\.position)
    }
}

/// A page as it fills up.
private struct Page {
    let maximumBytes: Int
    let after: (sequence: Int64, id: DeltaID)?
    var deltas: [[UInt8]] = []
    var last: (sequence: Int64, id: DeltaID)?
    /// Whether something has been left out.
    var isFull = false
    private var count = 0

    init(maximumBytes: Int, after: (sequence: Int64, id: DeltaID)?) {
        self.maximumBytes = maximumBytes
        self.after = after
    }

    /// Whether a delta was on an earlier page.
    func isBehind(_ sequence: Int64, _ id: DeltaID) -> Bool { after.map { (sequence, id) <= $0 } ?? false }

    mutating func add(_ delta: [UInt8], sequence: Int64, id: DeltaID) {
        count += delta.count
        guard deltas.isEmpty || count <= maximumBytes else {
            isFull = true
            return
        }
        deltas.append(delta)
        last = (sequence, id)
    }
}
