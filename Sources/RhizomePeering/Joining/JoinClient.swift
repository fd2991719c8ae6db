internal import Bytes
internal import RhizomeDatabase
package import RhizomeIdentity
internal import SignedStatements
internal import Sodium
package import ZeroMQ

/// The guest's side of an invitation: goes to the host with the invitation key, and asks it to join (spec: meeting.md,
/// "Invitations").
package actor JoinClient: SocketActor {
    package nonisolated let thread: SocketThread
    private var link: PeerLink?
    private var waiting: CheckedContinuation<Result<[UInt8], PeerError>, Never>?

    private init() throws { thread = try SocketThread(name: "rhizome-join") }

    /// Asks the host of an invitation to take this guest in, and waits until it has, or no, is said.
    ///
    /// States nothing here: that is done with what it returns. What was asked once is answered the same again, so a reply
    /// that was lost does no harm.
    ///
    /// - Parameters:
    ///   - name: what the guest calls itself.
    ///   - addresses: where the guest's node listens, eight at most.
    ///   - deadline: in all, 15 s by the specification.
    /// - Returns: what the host signed, verified: by this host, for this guest and invitation.
    /// - Throws: ``PeerError``: `timeout` where nobody answers there, `disconnected` where the host's node lets nobody in
    ///   by this invitation, yet; what the host answered: `refused` where it is over; `badReply`.
    package static func join(
        _ line: InvitationLine,
        as guest: Identity,
        name: String?,
        addresses: [PeerAddress],
        within deadline: Duration = .seconds(15)
    ) async throws -> JoinStatement {
        try SodiumLibrary.initialize()
        let key = try line.code.key()
        guard let publicKey = key.publicKey.transportKey, let serverKey = line.host.transportKey else {
            preconditionFailure("both keys are acceptable")
        }
        let statement = JoinStatement(
            by: guest,
            to: line.host,
            invitation: key.publicKey,
            time: NodeClock.system.now,
            name: name,
            addresses: addresses
        )
        let keys = PeerLink.Keys(publicKey: publicKey.array, secret: try key.transportSecret())
        let client = try JoinClient()
        let result = await client.ask(
            JoinMethod(statement: statement.signed.encoded).encoded,
            line,
            serverKey,
            keys,
            within: deadline
        )
        await client.thread.stop(within: .seconds(1))
        let reply = try JoinMethod.decode(reply: try result.get())
        guard let taken = JoinStatement(verifying: reply), taken.signer == line.host,
            taken.recipient == guest.publicKey, taken.invitation == key.publicKey
        else { throw PeerError(.badReply, "what came as the host's word isn't: it isn't signed for this guest") }
        return taken
    }

    private func ask(
        _ request: [UInt8],
        _ line: InvitationLine,
        _ serverKey: Bytes32,
        _ keys: PeerLink.Keys,
        within deadline: Duration
    ) async -> Result<[UInt8], PeerError> {
        let link = PeerLink(
            peer: line.host,
            serverKey: serverKey,
            keys: keys,
            addresses: [line.address],
            topic: [],
            thread: thread,
            clock: .system,
            onEvent: { [weak self] event in self?.assumeIsolated { $0.handle(event, request, deadline) } },
            onBadInput: { _ in }
        )
        self.link = link
        return await withCheckedContinuation { continuation in
            waiting = continuation
            thread.schedule(after: deadline) { [weak self] in self?.assumeIsolated { $0.giveUp() } }
            link.on(.open)
        }
    }

    private func handle(_ event: PeerLink.Event, _ request: [UInt8], _ deadline: Duration) {
        switch event {
        case .authenticated:
            link?.request(request, within: deadline) { [weak self] result in
                // A connection that is lost is made anew, and asked again.
                if case .failure(let error) = result, error.code == .disconnected { return }
                self?.assumeIsolated { $0.finish(result) }
            }
        case .refused:
            finish(.failure(PeerError(.refused, "the invitation was withdrawn, or has run out")))
        case .lookUp(let address, let attempt):
            // Owner: the attempt; the task ends with the lookup.
            Task {
                let hosts = await HostLookup.addresses(of: address.host)
                link?.on(.attempt(attempt, .found(hosts)))
            }
        case .lost, .subscribed, .published, .shortOfDescriptors: break
        }
    }

    private func giveUp() {
        let isThere = link?.phase == .refused
        finish(
            .failure(
                isThere
                    ? PeerError(.disconnected, "a node answers there, and doesn't know the invitation")
                    : PeerError(.timeout, "nobody answers there")
            )
        )
    }

    private func finish(_ result: Result<[UInt8], PeerError>) {
        waiting?.resume(returning: result)
        waiting = nil
        link?.on(.close)
        link = nil
    }
}
