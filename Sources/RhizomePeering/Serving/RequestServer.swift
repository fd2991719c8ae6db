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
    let policy: ConnectionPolicy
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
            let asker = Asker(peer: peer, connection: connection, received: received)
            let reply: [UInt8]
            do throws(PeerError) {
                reply = try await answer(try ServedMethods.read(body), asker)
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

    private func answer<Method: ServedMethod>(_ method: Method, _ asker: Asker) async throws(PeerError) -> [UInt8] {
        if Method.needsGreeting {
            guard await peering.hasGreeted(asker.peer, connection: asker.connection) else {
                throw PeerError(.hello, "say hello with protocol \(Hello.protocolVersion) and our topic first")
            }
        }
        do {
            return Method.encode(reply: try await method.answer(asker, from: self))
        } catch {
            health.failed(error)
            throw PeerError(.internal, "the request failed here; try again")
        }
    }

    /// Distrusted authors are told of too, unless `keep` is none.
    func isShown(_ author: PublicKey) -> Bool {
        if case .distrusted(.none) = policy.trust.standing(of: author, at: clock.now) { return false }
        return true
    }

    /// Those that are told of.
    func shown(_ heads: [AuthorHead]) -> [AuthorHead] { heads.filter { isShown($0.author) } }

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
