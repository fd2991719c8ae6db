public import Bytes
public import SignedStatements

/// The trusted-peer list: the fold of the journal's statements (spec: identity.md, "The trusted-peer list").
///
/// A value: each statement that is applied gives the next list, and what is refused leaves the list as it was. Times
/// come from the caller, µs since 1970.
public struct TrustList: Sendable {
    /// What the list says of a key at a moment.
    public enum Standing: Hashable, Sendable {
        /// The node's own identity: may always write, and needs no entry.
        case own
        /// Trusted; what the entry's `may` leaves out, it still may not.
        case trusted(TrustEntry)
        /// Trust was taken back, or has run out (then with keep all).
        case distrusted(Keep)
        /// No entry.
        case unknown

        /// Its name in output and JSON.
        public var name: String {
            switch self {
            case .own: "own"
            case .trusted: "trusted"
            case .distrusted: "distrusted"
            case .unknown: "unknown"
            }
        }
    }

    /// Whose list it is, who signs its statements.
    public let owner: PublicKey
    /// The last word on each identity.
    public private(set) var entries: [PublicKey: TrustEntry] = [:]
    /// All statements, oldest first.
    public private(set) var statements: [TrustStatement] = []
    private var numbers: [Bytes32: Int] = [:]
    private let ownTransportKey: Bytes32?
    // Two at most, a key and its mirror image: the second only where it was distrusted without ever being trusted.
    private var identitiesByTransportKey: [Bytes32: [PublicKey]] = [:]
    private var identitiesByName: [Text: PublicKey] = [:]
    private var lastNames: [PublicKey: Text] = [:]
    // Of distrusted identities alone: of the others it is their entry.
    private var earlierTrusts: [PublicKey: TrustEntry] = [:]
    /// All invitations that were ever made, by their keys; none of them has an entry.
    public private(set) var invitations: [PublicKey: Invitation] = [:]
    private var invitationsByTransportKey: [Bytes32: PublicKey] = [:]
    // Neither used nor withdrawn; those that had run out at the last `invite` are left out, so they are few.
    private var waitingInvitations: [PublicKey] = []

    /// An empty list.
    public init(owner: PublicKey) {
        self.owner = owner
        ownTransportKey = owner.transportKey
    }

    /// The id of the last statement; `nil` while there is none.
    public var head: Bytes32? { statements.last?.id }

    /// How many statements there are.
    public var count: Int { statements.count }

    /// Whether the list rests on that statement.
    public func contains(statement id: Bytes32) -> Bool { numbers[id] != nil }

    /// The statement of that id, where the list rests on it.
    public func statement(_ id: Bytes32) -> TrustStatement? { numbers[id].map { statements[$0] } }

    /// The list as it was at a moment: by the statements made until then.
    ///
    /// - Throws: as ``apply(_:)``; a list that was loaded has nothing wrong in it.
    /// - Complexity: a verification for each statement.
    public func list(asOf time: Timestamp) throws(IdentityError) -> TrustList {
        var list = TrustList(owner: owner)
        for statement in statements where statement.time <= time { try list.apply(statement.signed) }
        return list
    }

    /// Whether an author's delta that came at a moment could be let in by a statement, as the list was then.
    ///
    /// - Parameter statement: by which it was let in; none for the owner's own.
    public func letsIn(_ author: PublicKey, by statement: Bytes32?, at time: Timestamp) -> Bool {
        guard let statement else { return author == owner }
        guard let change = self.statement(statement)?.change, change.identity == author else { return false }
        return change.action == .trust && change.may.contains(.author) && change.until.map { time <= $0 } ?? true
    }

    // MARK: - Asking

    /// What the list says of a key.
    ///
    /// Past `until` an entry is as if distrusted with keep all.
    public func standing(of identity: PublicKey, at now: Timestamp) -> Standing {
        if identity == owner { return .own }
        guard let entry = entries[identity] else { return .unknown }
        if entry.isTrusted(at: now) { return .trusted(entry) }
        return .distrusted(entry.action == .distrust ? entry.keep : .all)
    }

    /// Whether that identity is the owner or stands in the list, trusted or not.
    public func isKnown(_ identity: PublicKey) -> Bool { identity == owner || entries[identity] != nil }

    /// Whose deltas are shown, all or some: the own identity, and all with an entry but those of whom nothing is kept.
    public var authors: [PublicKey] {
        let shown = entries.values.filter { $0.action == .trust || $0.keep != .none }
        return [owner] + shown.map(\.identity)
    }

    /// Whether that identity's deltas are accepted; true for the own one.
    public func mayAuthor(_ identity: PublicKey, at now: Timestamp) -> Bool { may(.author, identity, at: now) }

    /// Whether that identity may open connections to this node and read from it; true for the own one.
    public func mayConnect(_ identity: PublicKey, at now: Timestamp) -> Bool { may(.connect, identity, at: now) }

    /// Whether those are trusted whom that identity introduces.
    public func mayIntroduce(_ identity: PublicKey, at now: Timestamp) -> Bool {
        identity != owner && may(.introduce, identity, at: now)
    }

    private func may(_ permission: Permission, _ identity: PublicKey, at now: Timestamp) -> Bool {
        switch standing(of: identity, at: now) {
        case .own: true
        case .trusted(let entry): entry.may.contains(permission)
        case .distrusted, .unknown: false
        }
    }

    /// The identity with an entry, trusted or not, whose X25519 form that is.
    ///
    /// Not the own identity, which has no entry.
    public func identity(ofTransportKey key: Bytes32) -> PublicKey? { identitiesByTransportKey[key]?.first }

    /// Who has that petname now, trusted or expired.
    func identity(named name: String) -> PublicKey? { identitiesByName[Text(name)] }

    /// The invitation whose key has that X25519 form, open or not.
    public func invitation(ofTransportKey key: Bytes32) -> Invitation? {
        invitationsByTransportKey[key].flatMap { invitations[$0] }
    }

    /// The invitations that can be taken now, oldest first.
    public func openInvitations(at now: Timestamp) -> [Invitation] {
        waitingInvitations.compactMap { invitations[$0] }.filter { $0.isOpen(at: now) }
    }

    /// The entries whose last statement is `trust`, expired ones too, by the bytes of their petnames.
    public var entriesByName: [TrustEntry] {
        entries.values.filter { $0.action == .trust }.sorted { left, right in
            (Text(left.name ?? ""), left.identity) < (Text(right.name ?? ""), right.identity)
        }
    }

    /// The moment after `now` at which the first entry runs out; `nil` where none will.
    public func nextExpiry(after now: Timestamp) -> Timestamp? {
        entries.values.compactMap { $0.action == .trust ? $0.until : nil }.filter { $0 >= now }.min()
    }

    /// The last petname that the journal gives an identity, also where its entry has none any more.
    public func lastName(of identity: PublicKey) -> String? { lastNames[identity]?.string }

    /// The last `trust` of an identity, also where it was distrusted since; `nil` where it was never trusted.
    public func lastTrust(of identity: PublicKey) -> TrustEntry? {
        let entry = entries[identity]
        return entry?.action == .trust ? entry : earlierTrusts[identity]
    }

    /// The entry that a person means by a petname, a did, or a prefix of a did of 8 characters or more.
    ///
    /// Where no entry has the petname now, the one that had it last is meant: so a distrusted peer is still found.
    ///
    /// - Throws: `unknownPeer`, and `ambiguousPeer` where a prefix or a former petname fits several, or one entry's name
    ///   and another's did.
    public func find(_ text: String) throws(IdentityError) -> TrustEntry {
        if let key = PublicKey(typed: text) {
            if let entry = entries[key] { return entry }
            throw IdentityError(.unknownPeer, "\(key.did) is not in the list; see: rhizome-keys list --all")
        }
        let prefix = text.after("did:key:") ?? text[...]
        var found: Set<PublicKey> = []
        if let named = identitiesByName[Text(text)] {
            found.insert(named)
        } else {
            for (key, name) in lastNames where name == Text(text) { found.insert(key) }
        }
        if prefix.utf8.count >= 8, prefix.utf8.first == UInt8(ascii: "z") {
            for key in entries.keys where key.multibase.utf8.starts(with: prefix.utf8) { found.insert(key) }
        }
        guard found.count <= 1 else {
            let all = found.sorted().map(\.did).joined(separator: ", ")
            throw IdentityError(.ambiguousPeer, "that fits several peers; give more of the did: \(all)")
        }
        guard let entry = found.first.flatMap({ entries[$0] }) else {
            throw IdentityError(
                .unknownPeer,
                "nobody in the list goes by that name, did or prefix (8 characters or more); see: rhizome-keys list --all"
            )
        }
        return entry
    }

    // MARK: - Growing

    /// Checks what a statement of a moment would say against the list, as both the tool and the load do.
    ///
    /// - Throws: `ownIdentity`, `unacceptableKey`, `nameTaken`, `sharedTransportKey`, `malformedName`; for invitations
    ///   `invitationClosed`, `tooManyInvitations` and `unusableExpiry`.
    /// - Complexity: nearly that of a verification.
    public func check(_ change: TrustChange, at time: Timestamp) throws(IdentityError) {
        let identity = change.identity
        guard identity != owner else {
            throw IdentityError(
                .ownIdentity,
                change.action != .distrust
                    ? "that is this identity itself: it may always write and needs no trust"
                    : "that is this identity itself: it can't be distrusted; make another one with generate --force"
            )
        }
        if case .ids(let ids) = change.keep, ids.count > Keep.mostIDs {
            throw IdentityError(.malformedPeer, "at most \(Keep.mostIDs) ids can be kept; name each author's last ones")
        }
        guard change.action != .distrust else { return }
        guard identity.isAcceptable, let transportKey = identity.transportKey else {
            throw IdentityError(
                .unacceptableKey,
                "\(identity.did) can't be an identity (small order, mixed order or not canonical)"
            )
        }
        if let name = change.name {
            guard PeerName.isValid(name) else {
                throw IdentityError(.malformedName, "a petname has 1 to 64 of A-Z a-z 0-9 . _ -")
            }
            if let other = identitiesByName[Text(name)], other != identity {
                throw IdentityError(
                    .nameTaken,
                    "\(name) is what you call \(other.did); give another --name, or distrust that one first"
                )
            }
            let reserved = openInvitations(at: time).contains { $0.name == name && $0.key != change.invitation }
            guard !reserved else {
                throw IdentityError(
                    .nameTaken,
                    "\(name) is kept for a guest whom you invited; give another name, or first: "
                        + "rhizome-keys invite --withdraw \(name)"
                )
            }
        }
        if transportKey == ownTransportKey {
            throw IdentityError(
                .sharedTransportKey,
                "\(identity.did) is the mirror image of this identity's key: nobody else holds it honestly"
            )
        }
        if let other = identitiesByTransportKey[transportKey]?.first(where: { $0 != identity }) {
            throw IdentityError(
                .sharedTransportKey,
                "\(identity.did) is the mirror image of \(other.did), which is in the list: one of them is a forgery"
            )
        }
        try checkInvitation(change, transportKey, at: time)
    }

    private func checkInvitation(
        _ change: TrustChange,
        _ transportKey: Bytes32,
        at time: Timestamp
    ) throws(IdentityError) {
        guard invitationsByTransportKey[transportKey] == nil else {
            throw IdentityError(.unacceptableKey, "\(change.identity.did) is the key of an invitation, and nobody's")
        }
        if change.action == .invite {
            guard change.name != nil else {
                throw IdentityError(.malformedName, "an invitation needs the name that the guest will have")
            }
            guard entries[change.identity] == nil else {
                throw IdentityError(.unacceptableKey, "\(change.identity.did) is in the list, and no invitation's key")
            }
            if let expires = change.expires, !(time...time + Invitation.longest).contains(expires) {
                throw IdentityError(.unusableExpiry, "an invitation can be taken for 30 days at most")
            }
            guard openInvitations(at: time).count < Invitation.mostOpen else {
                throw IdentityError(
                    .tooManyInvitations,
                    "\(Invitation.mostOpen) invitations are open, and no more can be; see: rhizome-keys invite --list"
                )
            }
        } else if let invitation = change.invitation.flatMap({ invitations[$0] }) {
            guard invitation.guest == change.identity || invitation.isOpen(at: time) else {
                throw IdentityError(.invitationClosed, "that invitation was used, withdrawn, or has run out")
            }
        }
    }

    /// Adds the next statement of the journal, verified here: signature, chain, time and the list's rules.
    ///
    /// - Throws: `brokenJournal` or `newerVersion`, with the statement's number; the list is left as it was.
    /// - Complexity: a verification.
    public mutating func apply(_ signed: SignedStatement) throws(IdentityError) {
        let number = count
        func broken(_ what: String) -> IdentityError {
            IdentityError(
                .brokenJournal,
                "trust.journal was changed or damaged: statement \(number) \(what); restore the file from a backup",
                statement: number
            )
        }
        guard signed.purpose == TrustStatement.purpose, signed.signer == owner else {
            throw broken("is signed by another key than this identity's")
        }
        guard signed.isValid else { throw broken("has a wrong signature") }
        let statement: TrustStatement
        do {
            statement = try TrustStatement(signed)
        } catch TrustChange.Fault.newer(let what) {
            throw IdentityError(
                .newerVersion,
                "statement \(number) of trust.journal was written by a newer version (\(what) is unknown here); "
                    + "update this program",
                statement: number
            )
        } catch TrustChange.Fault.broken(let what) {
            throw broken("is malformed: \(what)")
        } catch {
            throw broken("is malformed: \(error)")
        }
        guard statement.sequence == Int64(number) else { throw broken("has the sequence number \(statement.sequence)") }
        guard statement.previous == head else { throw broken("doesn't follow the one before it") }
        if let last = statements.last, statement.time <= last.time {
            throw broken("isn't dated after the one before it")
        }
        do {
            try check(statement.change, at: statement.time)
        } catch {
            throw broken("breaks a rule of the list: \(error.message)")
        }
        commit(statement)
    }

    /// Makes the next statement and adds it: time = max(`now`, that of the statement before + 1).
    ///
    /// - Throws: as ``check(_:at:)``; `ownIdentity` where `signer` is not the owner.
    @discardableResult
    public mutating func apply(
        _ change: TrustChange,
        signedBy signer: Identity,
        now: Timestamp
    ) throws(IdentityError) -> TrustStatement {
        guard signer.publicKey == owner else {
            throw IdentityError(.ownIdentity, "this list belongs to \(owner.did), not to \(signer.publicKey.did)")
        }
        var time = now
        if let last = statements.last {
            guard last.time < .max else {
                throw IdentityError(.brokenJournal, "the journal's last statement is dated at the end of time")
            }
            time = max(now, last.time.next)
        }
        try check(change, at: time)
        let payload = TrustStatement.payload(sequence: Int64(count), previous: head, time: time, change)
        guard payload.count <= TrustJournal.mostPayloadBytes else {
            throw IdentityError(.malformedPeer, "that entry has more than 64 KiB; shorten its note or its addresses")
        }
        do {
            let statement = try TrustStatement(signer.sign(payload, for: TrustStatement.purpose))
            commit(statement)
            return statement
        } catch {
            preconditionFailure("what was just written can be read: \(error)")
        }
    }

    private mutating func commit(_ statement: TrustStatement) {
        numbers[statement.id] = count
        statements.append(statement)
        let identity = statement.change.identity
        if let invitation = Invitation(statement) {
            waitingInvitations.removeAll { invitations[$0]?.isOpen(at: statement.time) == false }
            waitingInvitations.append(identity)
            invitations[identity] = invitation
            if let key = identity.transportKey { invitationsByTransportKey[key] = identity }
            return
        }
        if invitations[identity] != nil {
            invitations[identity]?.withdrawn = statement.time
            waitingInvitations.removeAll { $0 == identity }
            return
        }
        if let key = statement.change.invitation, invitations[key]?.guest == nil, invitations[key] != nil {
            invitations[key]?.guest = identity
            invitations[key]?.taken = statement.time
            waitingInvitations.removeAll { $0 == key }
        }
        if let name = entries[identity]?.name { identitiesByName[Text(name)] = nil }
        if let name = statement.change.name {
            identitiesByName[Text(name)] = identity
            lastNames[identity] = Text(name)
        }
        if entries[identity] == nil, let key = identity.transportKey {
            identitiesByTransportKey[key, default: []].append(identity)
        }
        earlierTrusts[identity] = statement.change.action == .distrust ? lastTrust(of: identity) : nil
        entries[identity] = TrustEntry(statement)
    }
}
