internal import RhizomeCore

/// Headers that link deltas of one author to heads of its log, each once (spec: proof.md, "Evidence 2").
struct LogLinks {
    /// Headers on the shortest ways from heads to the deltas, these left out.
    let headers: [SignedHeader]
    /// The heads from which these ways start, and deltas to which no way leads.
    let heads: [DeltaID]

    /// The links from heads.
    ///
    /// - Parameter between: headers at or below the heads.
    init(from heads: [DeltaID], to deltas: [SignedDelta], among between: [SignedHeader]) {
        var headers = Dictionary(between.map { ($0.id, $0) }) { first, _ in first }
        for delta in deltas { headers[delta.id] = SignedHeader(delta) }
        let used = Set(deltas.map(\.id))
        var head: [DeltaID: DeltaID] = [:]
        var follower: [DeltaID: DeltaID] = [:]
        /// Goes down from some deltas, breadth for breadth.
        func follow(_ ids: [DeltaID]) {
            var waiting = ids.filter { headers[$0] != nil && head[$0] == nil }
            for id in waiting { head[id] = id }
            var index = 0
            while index < waiting.count {
                let id = waiting[index]
                index += 1
                for before in headers[id]?.header.previous ?? [] where headers[before] != nil && head[before] == nil {
                    head[before] = head[id]
                    follower[before] = id
                    waiting.append(before)
                }
            }
        }
        follow(heads)
        // Newest first: what is left may lie below each other.
        for delta in deltas.sorted(by: { $0.header.sequence > $1.header.sequence }) { follow([delta.id]) }
        var onWay: Set<DeltaID> = []
        for id in used {
            var way: DeltaID? = id
            while let id = way, onWay.insert(id).inserted { way = follower[id] }
        }
        self.headers = onWay.subtracting(used).compactMap { headers[$0] }
        self.heads = Array(Set(used.compactMap { head[$0] }))
    }
}
