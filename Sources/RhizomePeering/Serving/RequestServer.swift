internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedLog

/// Answers peers' requests, on the pool (spec: peering.md, "Requests").
struct RequestServer: Sendable {
    let configuration: NodeConfiguration
    let log: any DeltaLog
    let intake: Intake
    let clock: NodeClock
    let ledger: PeerLedger
    let admittance: Admittance
    let peering: Peering
    let directory: PeerDirectory
    let hello: @Sendable () async -> Hello
    let health: StoreHealth

    /// Works on jobs until the stream ends, a few of each peer at the same time.
    @concurrent
    func serve(_ jobs: AsyncStream<Peering.Job>) async {
        let gate = SourceGate<PublicKey>(slots: PeeringLimits.jobsAtOnce)
        await withDiscardingTaskGroup { group in
            // No more than peers may have in flight.
            for await job in jobs { group.addTask { await gate.run(as: job.peer) { await perform(job) } } }
        }
    }

    private func perform(_ job: Peering.Job) async {
        switch job {
        case .request(let peer, let connection, _, let body, let received):
            let reply: [UInt8]
            do throws(PeerError) {
                reply = try await answer(body, peer: peer, connection: connection, received: received)
            } catch {
                if error.code == .malformed || error.code == .unknownMethod || error.code == .limit {
                    ledger.charge(peer, bytes: body.count)
                }
                reply = PeerReply.error(error)
            }
            await peering.reply(reply, to: job)
        case .publication(let peer, let body):
            await take(body, of: peer)
            await peering.finished(job)
        }
    }

    private func answer(
        _ body: [UInt8],
        peer: PublicKey,
        connection: [UInt8],
        received: Int64
    ) async throws(PeerError) -> [UInt8] {
        let request = try PeerRequest(decoding: body)
        if case .hello(let theirs) = request {
            directory.saw(peer, hello: theirs)
            if theirs.protocol == PeeringLimits.protocolVersion, theirs.topic == configuration.topic {
                if await peering.noteGreeting(of: peer, connection: connection) { directory.noteReturn(of: peer) }
            }
            var ours = await hello()
            ours.received = received
            ours.time = clock.now
            return PeerReply.hello(ours)
        }
        guard await peering.hasGreeted(peer, connection: connection) else {
            throw PeerError(.hello, "say hello with protocol \(PeeringLimits.protocolVersion) and our topic first")
        }
        do {
            return try await answer(request, peer: peer)
        } catch {
            health.failed(error)
            throw PeerError(.internal, "the request failed here; try again")
        }
    }

    private func answer(_ request: PeerRequest, peer: PublicKey) async throws -> [UInt8] {
        switch request {
        case .hello: preconditionFailure("answered before")
        case .heads(var after, let limit):
            directory.noteProgress(of: peer)
            while true {
                let heads = try await log.heads(after: after, limit: limit + 1)
                let page = heads.prefix(limit)
                let told = shown(Array(page))
                // An empty page would end the asking side's comparison, even if all on it is merely not shown.
                guard told.isEmpty, heads.count > limit else {
                    return PeerReply.heads(told, more: heads.count > limit)
                }
                after = page.last
            }
        case .news(let cursor, let limit):
            directory.noteProgress(of: peer)
            let changes = try await log.changes(after: try await place(of: cursor), limit: limit)
            return PeerReply.news(
                shown(changes.heads),
                cursor: self.cursor(at: changes.cursor),
                more: changes.hasMore
            )
        case .pull(let request):
            guard isShown(request.author) else { return PeerReply.pull([], more: false) }
            let isRemembered = admittance.trust.isKnown(request.author)
            if isRemembered, request.after == nil {
                directory.noteHave(request.have, of: request.author, at: peer)
            }
            let page = try await log.pull(request)
            if isRemembered, !page.hasMore {
                directory.notePulled(request.want, of: request.author, by: peer)
            }
            return PeerReply.pull(page.deltas, more: page.hasMore)
        case .push(let wires):
            let judgements = try await intake.submit(wires, from: peer)
            return PeerReply.push(
                judgements.map { judgement in
                    PushResult(
                        id: judgement.id,
                        decision: Text(judgement.decision.name),
                        reason: judgement.decision.reason.map { Text($0) }
                    )
                }
            )
        case .peers: return PeerReply.peers(await directory.connected(of: peering.states()))
        }
    }

    /// Distrusted authors are told of too, unless `keep` is none.
    private func isShown(_ author: PublicKey) -> Bool {
        if case .distrusted(.none) = admittance.trust.standing(of: author, at: clock.now) { return false }
        return true
    }

    private func shown(_ heads: [AuthorHead]) -> [AuthorHead] { heads.filter { isShown($0.author) } }

    /// A cursor names the log, since a position means nothing in another one: epoch, position, and the last head told
    /// where an author's are parted.
    private func cursor(at place: ChangeCursor) -> [UInt8] {
        log.epoch + (0..<8).reversed().map { UInt8(truncatingIfNeeded: place.position >> (8 * Int64($0))) }
            + (place.head?.bytes.array ?? [])
    }

    /// Where a cursor stands; an unknown one starts over, as does one beyond the end of a log restored from a backup.
    private func place(of cursor: [UInt8]?) async throws -> ChangeCursor {
        guard let cursor, cursor.starts(with: log.epoch) else { return .start }
        let rest = cursor.dropFirst(log.epoch.count)
        let position = rest.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let head = Bytes32(rest.dropFirst(8)).map { DeltaID($0) }
        guard rest.count == 8 || head != nil, 0...(try await log.count()) ~= position else { return .start }
        return ChangeCursor(position: position, head: head)
    }

    private func take(_ body: [UInt8], of peer: PublicKey) async {
        directory.saw(peer)
        guard let publication = try? Publication(decoding: body) else {
            ledger.charge(peer, bytes: body.count)
            return
        }
        switch publication {
        case .deltas(let wires):
            do {
                _ = try await intake.submit(wires, from: peer)
            } catch {
                // What could not be kept, because the store fails or the node is closing, is fetched later.
                health.failed(error)
            }
        case .heads(let heads): directory.session(of: peer)?.post { $0.add(heads: heads) }
        }
    }
}
