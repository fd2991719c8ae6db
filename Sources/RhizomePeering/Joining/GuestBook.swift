internal import Bytes
internal import Dispatch
internal import Logging
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

/// Takes guests in who come with an invitation: states trust in them, once, and signs for them that it did (spec:
/// meeting.md, "Invitations").
///
/// One request after the other. What waits for the disk or the journal's lock does so on a queue of its own, not on
/// Swift's pool.
struct GuestBook: Sendable {
    let host: Identity
    let writer: TrustWriter
    let refused: RefusedGuests
    let trust: TrustInForce
    let clock: NodeClock
    /// What the host calls itself.
    let name: String?
    /// Where guests find the host's node.
    let addresses: @Sendable () -> [PeerAddress]
    let logger: Logger

    private let queue = DispatchQueue(label: "rhizome.guests")

    /// Answers guests until the stream ends.
    @concurrent
    func serve(_ requests: AsyncStream<GuestRequest>, by peering: Peering) async {
        var warnings = Hourly()
        for await request in requests {
            let reply: [UInt8]
            do throws(PeerError) {
                reply = try await answer(request)
            } catch {
                if error.code == .internal, warnings.isDue(now: clock.uptime) {
                    logger.error("a guest can't be taken in", metadata: ["error": "\(error.message)"])
                }
                reply = PeerReply.error(
                    error.code == .internal ? PeerError(.internal, "the guest can't be taken in now") : error
                )
            }
            await peering.reply(reply, to: request)
        }
    }

    /// The reply's frame.
    ///
    /// - Throws: what the guest is answered; of `internal` the message is ours alone.
    func answer(_ request: GuestRequest) async throws(PeerError) -> [UInt8] {
        let opened = try PeerRequest(opening: request.body)
        guard opened.method == JoinMethod.name else {
            throw PeerError(.refused, "an invitation is good for the request join, and nothing else")
        }
        let method = try opened.read(as: JoinMethod.self)
        guard let join = JoinStatement(verifying: method.statement) else {
            throw PeerError(.malformed, "not signed by a guest for this purpose")
        }
        let taken = try await take(join, by: request.invitation)
        let reply = JoinStatement(
            by: host,
            to: join.signer,
            invitation: request.invitation,
            time: taken,
            name: name,
            addresses: addresses()
        )
        return JoinMethod.encode(reply: reply.signed.encoded)
    }

    /// Takes a guest in.
    ///
    /// - Returns: when it was taken in, now or before.
    private func take(_ join: JoinStatement, by invitation: PublicKey) async throws(PeerError) -> Timestamp {
        try await queue.run { () throws(PeerError) in try state(join, invitation) }
    }

    private func state(_ join: JoinStatement, _ invitation: PublicKey) throws(PeerError) -> Timestamp {
        var list = trust.list
        // By the list in force first: who is refused by that costs no lock.
        var answer = list.answer(to: join, by: invitation, at: clock.now)
        if case .take = answer {
            do {
                // The guest may connect as soon as it is answered.
                list = try writer.append { list in
                    answer = list.answer(to: join, by: invitation, at: clock.now)
                    guard case .take(let change) = answer else { return [] }
                    return [change]
                }
            } catch {
                throw PeerError(.internal, "\(error)")
            }
        }
        switch answer {
        case .take(let change):
            logger.notice(
                "a guest has joined by an invitation",
                metadata: ["peer": "\(join.signer.did)", "name": "\(change.name ?? "")"]
            )
        case .repeated: break
        case .refused(let refusal):
            if refusal == .taken { note(join.signer, list.invitations[invitation]) }
            throw PeerError(.refused, refusal.rawValue)
        }
        guard let taken = list.invitations[invitation]?.taken else {
            preconditionFailure("who was taken in has taken the invitation")
        }
        return taken
    }

    /// Puts on record that the line of an invitation came to two people.
    private func note(_ second: PublicKey, _ invitation: Invitation?) {
        guard let invitation, let first = invitation.guest else { return }
        do {
            let guest = RefusedGuests.Guest(invitation: invitation.key, identity: second, time: clock.now)
            guard try refused.add(guest) else { return }
        } catch {
            logger.warning("a refused guest can't be put on record", metadata: ["error": "\(error)"])
        }
        logger.warning(
            "an invitation that was taken came a second time, from another key; one of the two intercepted the line. Ask the one who was meant which key is theirs, and distrust the other",
            metadata: ["name": "\(invitation.name)", "first": "\(first.did)", "second": "\(second.did)"]
        )
    }
}
