internal import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedLog

extension PeerSession {
    /// The first page of a log is small: it tells whether the peer wants more.
    private static let firstPushBytes = 64 * 1024

    /// Pushes what the peer lacks, where it may read from us and can't reach us to ask.
    ///
    /// - Parameter authors: whose logs grew; `nil` for all.
    func push(
        _ authors: Set<PublicKey>?,
        _ connection: inout Connection,
        _ memory: inout Memory
    ) async throws(PeerError) {
        guard admittance.mayConnect(peer) else { return }
        let lastRequest = await peering.lastRequest(of: peer)
        guard lastRequest.map({ clock.uptime - $0 >= PeerDirectory.silence }) ?? true else { return }
        do {
            let now = clock.uptime
            var candidates = authors
            if candidates == nil { candidates = Set(try await log.authors().map(\.author)) }
            for author in (candidates ?? []).sorted() {
                guard !connection.unwanted.contains(author), memory.pushes[author]?.notBefore ?? .min <= now else {
                    continue
                }
                if case .distrusted(.none) = admittance.trust.standing(of: author, at: clock.now) { continue }
                let ours = Set(try await log.heads(of: author).map(\.id))
                let theirs = directory[peer].heads[author] ?? []
                guard !ours.isSubset(of: theirs) else { continue }
                try await pushLog(of: author, ours: ours, theirs: theirs, &connection, &memory)
            }
        } catch let error as PeerError {
            throw error
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
    }

    private func pushLog(
        of author: PublicKey,
        ours: Set<DeltaID>,
        theirs: Set<DeltaID>,
        _ connection: inout Connection,
        _ memory: inout Memory
    ) async throws {
        let lacked = ours.subtracting(theirs).sorted()
        var changesSomething = false
        var isFirst = true
        // A log of many heads goes in parts, each of what one pull may ask for.
        for want in lacked.chunks(of: PeeringLimits.wantedHeads) {
            var after: (sequence: Int64, id: DeltaID)?
            while true {
                let bytes = isFirst ? min(Self.firstPushBytes, pageSize.bytes) : pageSize.bytes
                isFirst = false
                let page = try await log.pull(
                    PullRequest(
                        author: author,
                        want: want,
                        have: Array(theirs.sorted().prefix(PeeringLimits.locators)),
                        after: after,
                        maximumBytes: bytes
                    )
                )
                guard !page.deltas.isEmpty else { break }
                let reply = try await requestPage(.push(page.deltas), bytes: bytes)
                let results = try PeerReply.read(reply, PeerReply.readPush)
                let isUnwanted = results.contains { result in
                    result.decision == "reject" || (result.decision == "defer" && result.reason == "unknownAuthor")
                }
                if isUnwanted {
                    connection.unwanted.insert(author)
                    return
                }
                guard results.contains(where: { $0.decision == "accept" || $0.decision == "duplicate" }) else {
                    memory.pushes[author, default: Backoff()].fail(now: clock.uptime)
                    return
                }
                changesSomething = changesSomething || results.contains { $0.decision == "accept" }
                guard page.hasMore, let last = page.last else { break }
                after = last
            }
        }
        // Of a log with more heads than are remembered of a peer all would be pushed again each time that it grows, even
        // where the peer has it through others.
        if changesSomething || ours.count <= PeerDirectory.mostHeads {
            memory.pushes[author] = nil
        } else {
            memory.pushes[author, default: Backoff()].fail(now: clock.uptime)
        }
        directory.update(peer) { $0.heads[author, default: []].formUnion(ours) }
    }
}
