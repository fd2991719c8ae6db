internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Answers peers' requests, on the pool (spec: peering.md, "Requests").
struct PeerServer: Sendable {
    let configuration: NodeConfiguration
    let log: any AcceptanceOrder & AuthorLogs & DeltaLookup
    let intake: Intake
    let clock: NodeClock
    let ledger: PeerLedger
    let policy: ConnectionPolicy
    let peering: Peering
    let directory: PeerDirectory
    let hello: @Sendable () async -> Hello
    let book: AddressBook
    let own: OwnAddresses
    /// Told that a peer may be elsewhere.
    let onAddresses: @Sendable () -> Void
    let health: StoreHealth
    private let inbox = PublicationInbox()

    /// Works on jobs until the stream ends, a few of each peer at the same time.
    @concurrent
    func serve(_ jobs: AsyncStream<PeerJob>) async {
        let gate = SourceGate<PublicKey>(own: PeeringLimits.jobsAtOnce)
        await withDiscardingTaskGroup { group in
            // No more than peers may have in flight.
            for await job in jobs {
                switch job {
                case .request(let request): group.addTask { await gate.run(as: job.peer) { await perform(request) } }
                case .publication:
                    guard inbox.add(job) else { continue }
                    group.addTask { await gate.run(as: job.peer) { await takePublications(of: job.peer) } }
                }
            }
        }
    }

    private func perform(_ request: PeerJob.Request) async {
        let asker = Asker(peer: request.peer, connection: request.connection, received: request.received)
        let reply: [UInt8]
        do throws(PeerError) {
            reply = try await answer(try ServedMethods.read(request.body), asker)
        } catch {
            if error.code == .malformed || error.code == .unknownMethod || error.code == .limit {
                ledger.charge(request.peer, bytes: request.body.count)
            }
            reply = PeerReply.error(error)
        }
        await peering.reply(reply, to: request)
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

    /// Takes what a peer publishes, in its order, until nothing of it waits.
    private func takePublications(of peer: PublicKey) async {
        while case let jobs = inbox.take(of: peer), !jobs.isEmpty {
            await take(jobs.map(\.body), of: peer)
            peering.inFlight.end(jobs)
        }
    }

    private func take(_ bodies: [[UInt8]], of peer: PublicKey) async {
        var publications: [Publication] = []
        for body in bodies {
            do throws(CBORError) {
                publications.append(try Publication(decoding: body))
            } catch {
                ledger.charge(peer, bytes: body.count)
            }
        }
        directory.published(publications.map(\.number), by: peer)
        var deltas: [[UInt8]] = []
        var heads: [AuthorHead] = []
        for publication in publications {
            switch publication.content {
            case .deltas(let wires): deltas += wires
            case .heads(let told): heads += told
            }
        }
        let trust = policy.trust
        heads.removeAll { !trust.isKnown($0.author) }
        if !heads.isEmpty {
            directory.announced(heads, by: peer)
            // Most are of logs of which we have as much: the session isn't woken for them.
            let lacked = heads.filter { !intake.heldLogs.contains($0) }
            if !lacked.isEmpty { directory.session(of: peer)?.post { $0.add(heads: lacked) } }
        }
        guard !deltas.isEmpty else { return }
        do {
            _ = try await intake.submit(deltas, from: peer)
        } catch {
            // What could not be kept, because the store fails or the node is closing, is fetched later.
            health.failed(error)
        }
    }
}
