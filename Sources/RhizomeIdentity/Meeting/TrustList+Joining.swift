public import Bytes
public import SignedStatements

/// What a host does about a guest.
public enum JoinAnswer: Hashable, Sendable {
    /// To be stated, then answered.
    case take(TrustChange)
    /// It was taken in by this invitation: answered as the first time, and nothing is stated.
    case repeated(TrustEntry)
    /// Answered by an error.
    case refused(JoinRefusal)
}

extension TrustList {
    /// What is to be done about a guest who came on the connection of an invitation.
    ///
    /// - Complexity: nearly that of a verification.
    public func answer(to join: JoinStatement, by invitation: PublicKey, at now: Timestamp) -> JoinAnswer {
        let guest = join.signer
        guard join.recipient == owner, join.invitation == invitation else { return .refused(.notMeant) }
        guard let invitation = invitations[invitation], invitation.isAnswered(at: now) else {
            return .refused(.closed)
        }
        if let first = invitation.guest {
            guard guest == first else { return .refused(.taken) }
            guard let entry = entries[guest], entry.action == .trust else { return .refused(.known) }
            return .repeated(entry)
        }
        guard entries[guest] == nil else { return .refused(.known) }
        let change = TrustChange.trust(
            guest,
            name: invitation.name,
            addresses: join.addresses,
            may: invitation.needsConfirmation ? [] : invitation.may,
            until: invitation.until,
            note: invitation.note,
            invitation: invitation.key
        )
        do {
            try check(change, at: now)
        } catch {
            return .refused(.unacceptable)
        }
        return .take(change)
    }

    /// What the guest of a host states once the host has taken it in; `nil` where it stands in the list already.
    ///
    /// What the list says of the host stays, but for where it is: that the line and the host say. A name that another
    /// entry has gets a number.
    ///
    /// - Parameters:
    ///   - name: what the guest wants to call the host; else what it is called already, what it calls itself, or the
    ///     beginning of its did.
    /// - Throws: as ``check(_:at:)``.
    public func change(
        for reply: JoinStatement,
        by line: InvitationLine,
        name: String?,
        at now: Timestamp
    ) throws(IdentityError) -> TrustChange? {
        let host = reply.signer
        let old = lastTrust(of: host)
        var amendment = TrustAmendment()
        amendment.addresses = [line.address] + reply.addresses.filter { $0 != line.address }
        amendment.name = name ?? old?.name ?? freeName(like: reply.petname ?? host.short, of: host, at: now)
        var change = amendment.change(for: PeerText(identity: host), in: self, at: now)
        change.invitation = reply.invitation
        if let entry = entries[host], entry.change == change { return nil }
        try check(change, at: now)
        return change
    }

    /// What gives a guest that its host wanted to confirm what its invitation said.
    ///
    /// - Throws: `unknownPeer` where it is no guest of an invitation; `invitationClosed` where nothing is to be confirmed.
    public func confirmation(of guest: PublicKey) throws(IdentityError) -> TrustChange {
        guard let entry = entries[guest], entry.action == .trust,
            let invitation = entry.invitation.flatMap({ invitations[$0] }), invitation.guest == guest
        else { throw IdentityError(.unknownPeer, "\(guest.did) isn't trusted by an invitation of yours") }
        guard invitation.needsConfirmation, entry.may.isEmpty else {
            throw IdentityError(.invitationClosed, "\(invitation.name) needs no confirmation; see: rhizome-keys list")
        }
        var change = entry.change
        change.may = invitation.may
        return change
    }
}
