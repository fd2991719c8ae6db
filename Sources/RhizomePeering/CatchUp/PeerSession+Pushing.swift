internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

extension PeerSession {
    /// The first page of a log is small: it tells whether the peer wants more.
    private static let firstPushBytes = 64 * 1024

    /// Pushes what the peer lacks and is due, where it may read from us and can't reach us to ask.
    func push(_ memory: inout Memory) async throws(PeerError) {
        guard memory.owed.dueLogs(now: clock.uptime) != nil else { return }
        guard policy.mayConnect(peer) else { return memory.owed.isBarred(now: clock.uptime) }
        if let end = await peering.asking(of: peer), end > clock.uptime {
            _ = directory.set(peer, isPushedTo: false)
            return memory.owed.isAsked(until: end)
        }
        // From now on it is told which logs grow.
        if directory.set(peer, isPushedTo: true) { memory.owed.lookAtAll() }
        guard let logs = memory.owed.dueLogs(now: clock.uptime) else { return }
        do {
            let authors: Set<PublicKey>
            switch logs {
            case .all: authors = Set(try await log.authors().map(\.author))
            case .only(let due): authors = due
            }
            for author in authors.sorted() where memory.owed.takes(author, now: clock.uptime) {
                let outcome = try await push(author)
                memory.owed.pushed(author, outcome, now: clock.uptime)
            }
            memory.owed.finished(logs, now: clock.uptime)
        } catch let error as PeerError {
            throw error
        } catch {
            throw PeerError(.internal, "our store: \(error)")
        }
    }

    private func push(_ author: PublicKey) async throws -> OwedPushes.Outcome {
        if case .distrusted(.none) = policy.trust.standing(of: author, at: clock.now) { return .done }
        let ours = Set(try await log.heads(of: author).map(\.id))
        let theirs = directory[peer].heads[author] ?? []
        guard !ours.isSubset(of: theirs) else { return .done }
        return try await pushLog(of: author, ours: ours, theirs: theirs)
    }

    private func pushLog(
        of author: PublicKey,
        ours: Set<DeltaID>,
        theirs: Set<DeltaID>
    ) async throws -> OwedPushes.Outcome {
        let lacked = ours.subtracting(theirs).sorted()
        var changesSomething = false
        var isFirst = true
        // A log of many heads goes in parts, each of what one pull may ask for.
        for want in lacked.chunks(of: PullMethod.wantedHeads) {
            var after: (sequence: Int64, id: DeltaID)?
            while true {
                let bytes = isFirst ? min(Self.firstPushBytes, pageSize.bytes) : pageSize.bytes
                isFirst = false
                let page = try await log.pull(
                    PullRequest(
                        author: author,
                        want: want,
                        have: Array(theirs.sorted().prefix(PullMethod.locators)),
                        after: after,
                        maximumBytes: bytes
                    )
                )
                guard !page.deltas.isEmpty else { break }
                let results = try await callPage(PushMethod(page.deltas), bytes: bytes)
                guard results.count == page.deltas.count else {
                    throw PeerError(.badReply, "\(results.count) results for \(page.deltas.count) deltas")
                }
                changesSomething = changesSomething || results.contains { $0.decision == "accept" }
                if results.contains(where: \.isUnwanted) { return .unwanted }
                // Where this stops, or is cut off, it goes on next time.
                if let reached = results.prefix(while: \.isHeld).last?.id {
                    directory.update(peer) { $0.heads.add([reached], of: author) }
                }
                if let putOff = results.first(where: { !$0.isHeld }) {
                    // It lacks what it was thought to hold: from now on that is not known any more.
                    if putOff.reason == "gap" { directory.update(peer) { $0.heads[author] = nil } }
                    return .putOff(tookSome: changesSomething)
                }
                guard page.hasMore, let last = page.last else { break }
                after = last
            }
        }
        directory.update(peer) { $0.heads.add(ours, of: author) }
        // Of a log with more heads than are remembered of a peer all would be pushed again each time that it grows, even
        // where the peer has it through others.
        return changesSomething || ours.count <= ToldHeads.mostOfAuthor ? .done : .doneInVain
    }
}

extension PushMethod.Result {
    /// Whether the peer holds the delta now.
    fileprivate var isHeld: Bool { decision == "accept" || decision == "duplicate" }

    /// Whether the peer wants nothing of its author for now.
    fileprivate var isUnwanted: Bool { decision == "reject" || (decision == "defer" && reason == "unknownAuthor") }
}
