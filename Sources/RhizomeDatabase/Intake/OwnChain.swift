internal import Bytes
internal import RhizomeCore
internal import SignedStatements

/// The ends of this node's own log while a batch of drafts is being signed.
struct OwnChain {
    private var heads: [Head]

    /// The next delta names the one written here last and up to 7 others, greatest (sequence, id) first (spec:
    /// admission.md, "Forks").
    init(_ own: OwnHeads) {
        let last = own.last.flatMap { own[$0] }.map { [$0] } ?? []
        // A few of what may be many: no need to put all of them in order.
        let most = DeltaLimits.previous - last.count
        var others: [Head] = []
        for head in own.all where head.id != own.last {
            let place = others.firstIndex { ($0.sequence, $0.id) < (head.sequence, head.id) } ?? others.count
            guard place < most else { continue }
            if others.count == most { others.removeLast() }
            others.insert(head, at: place)
        }
        heads = last + others
    }

    /// Signs drafts, each after the one before it.
    ///
    /// - Parameter now: the clock; a delta's time is greater than those before it, and than what it is to replace.
    /// - Throws: ``WriteError`` `clock` where one of them would be more than 5 minutes ahead of that; `content`.
    mutating func sign(
        _ drafts: [Draft],
        by signer: any StatementSigner,
        now: Timestamp
    ) throws(WriteError) -> [SignedDelta] {
        guard !drafts.isEmpty else { return [] }
        let latest = drafts.reduce(heads.map(\.timeCreated).max() ?? .min) { time, draft -> Timestamp in
            max(time, draft.replacing ?? .min).next
        }
        if let error = WriteError.clock(forWritingAt: latest, now: now) { throw error }
        var signed: [SignedDelta] = []
        var heads = heads
        for (index, draft) in drafts.enumerated() {
            let after = max(heads.map(\.timeCreated).max() ?? .min, draft.replacing ?? .min)
            do throws(DeltaRefusal) {
                let delta = try SignedDelta(
                    pointers: draft.pointers,
                    after: heads,
                    timeCreated: max(now, after.next),
                    signer: signer
                )
                signed.append(delta)
                heads = [DeltaLink(delta).head]
            } catch {
                throw WriteError(.content, error.message, draft: index)
            }
        }
        self.heads = heads
        return signed
    }
}
