internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// How many deltas are known to be missing at one of two nodes that hold the other's heads against their own.
struct PeerLag: Hashable, Sendable {
    /// Missing here: each head of the peer that isn't held counts for one, more where its sequence is known.
    let behind: Int64
    /// Missing there: by how much the greatest sequence of our heads is above that of theirs, of each author; one at
    /// least where a head of ours is missing.
    let ahead: Int64
}

/// What peers are known to hold, by the heads that they tell.
struct PeerHoldings: Sendable {
    let log: any AuthorLogs & DeltaLookup
    let directory: PeerDirectory
    let policy: ConnectionPolicy
    let clock: NodeClock

    /// The peers known to hold a delta: the one that brought it, and those one of whose heads is it or comes after it.
    ///
    /// - Complexity: a small query for each peer that has told of the author's log.
    func holders(of stored: StoredDelta) async throws -> [PublicKey] {
        let trust = policy.trust
        var holders: Set<PublicKey> = []
        if let source = stored.arrival.receivedFrom { holders.insert(source) }
        for (peer, heads) in directory.heads(of: stored.delta.author)
        where trust.entries[peer] != nil && !holders.contains(peer) {
            if try await reaches(stored, from: heads) { holders.insert(peer) }
        }
        return holders.sorted()
    }

    /// Whether the first that these heads reach from this place on is this delta.
    private func reaches(_ stored: StoredDelta, from heads: Set<DeltaID>) async throws -> Bool {
        if heads.contains(stored.id) { return true }
        let sequence = stored.delta.header.sequence
        let before = stored.id.bytes.predecessor.map { (sequence: sequence, id: DeltaID($0)) }
        let request = PullRequest(
            author: stored.delta.author,
            want: Array(heads),
            have: [],
            after: before,
            maximumBytes: 1
        )
        return try await log.pull(request).last?.id == stored.id
    }

    /// How far behind each peer is and we are, for those with whom all heads have been compared.
    ///
    /// A log with more heads than are remembered of a peer is passed over: what of it is missing can't be told.
    ///
    /// - Complexity: that of reading all heads; for each peer a query for the logs in which it differs.
    func lags() async throws -> [PublicKey: PeerLag] {
        let compared = directory.compared
        guard !compared.isEmpty else { return [:] }
        var ours: [PublicKey: Set<DeltaID>] = [:]
        var after: AuthorHead?
        while true {
            let page = try await log.heads(after: after, limit: PeeringLimits.headsPage)
            for head in page where ours[head.author, default: []].count <= ToldHeads.mostOfAuthor {
                ours[head.author, default: []].insert(head.id)
            }
            guard page.count == PeeringLimits.headsPage, let last = page.last else { break }
            // The rest of a log that is passed over needn't be read: there may be hundreds of pages of it.
            let isPassedOver = ours[last.author, default: []].count > ToldHeads.mostOfAuthor
            after = isPassedOver ? AuthorHead(author: last.author, id: DeltaID(Bytes32(repeating: 0xff))) : last
        }
        var lags: [PublicKey: PeerLag] = [:]
        for (peer, theirs) in compared { lags[peer] = try await lag(theirs: theirs, ours: ours) }
        return lags
    }

    private func lag(
        theirs: [PublicKey: Set<DeltaID>],
        ours: [PublicKey: Set<DeltaID>]
    ) async throws -> PeerLag {
        let trust = policy.trust
        let authors = Set(ours.keys).union(theirs.keys).filter { author in
            trust.isKnown(author) && ours[author] != theirs[author]
                && ours[author, default: []].count <= ToldHeads.mostOfAuthor
        }
        let ids = authors.flatMap { (ours[$0] ?? []).union(theirs[$0] ?? []) }
        let links = try await log.links(of: ids)
        func greatest(_ heads: Set<DeltaID>?) -> Int64 {
            (heads ?? []).compactMap { links[$0]?.head.sequence }.max() ?? -1
        }
        let now = clock.now
        var behind: Int64 = 0
        var ahead: Int64 = 0
        for author in authors {
            let told = theirs[author] ?? []
            let lacking = told.filter { links[$0] == nil }
            if lacking.isEmpty {
                let missing = Int64((ours[author] ?? []).subtracting(told).count)
                ahead += missing == 0 ? 0 : max(missing, greatest(ours[author]) - greatest(told))
            } else if trust.mayAuthor(author, at: now) {
                // What their other heads reach of ours can't be told: nothing is known to be missing there.
                behind += Int64(lacking.count)
            }
        }
        return PeerLag(behind: behind, ahead: ahead)
    }
}
