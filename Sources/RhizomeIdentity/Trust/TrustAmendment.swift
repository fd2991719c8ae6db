public import Bytes
public import SignedStatements

/// What a person wants changed about a peer's entry; what is `nil` stays as it is (spec: identity.md, "the tool carries
/// over what its options don't change").
public struct TrustAmendment: Sendable {
    /// Another petname.
    public var name: String?
    /// Other addresses; an empty array takes them away.
    public var addresses: [PeerAddress]?
    /// Other permissions.
    public var may: Set<Permission>?
    /// Another end, or none.
    public var until: Timestamp??
    /// Another note; an empty one takes it away.
    public var note: String?

    /// Changes nothing.
    public init() {}

    /// The whole entry that results for a peer.
    ///
    /// Of a card its address counts as an option, its name only where the peer has no petname. After a `distrust` the
    /// last `trust` is what is carried over, without an end that has passed: else who was a guest would come back as
    /// an author, and who is trusted anew would be distrusted at once.
    ///
    /// - Parameter now: the clock, µs since 1970.
    /// - Returns: a change without a name where nothing gives one: the caller asks for it.
    public func change(for peer: PeerText, in list: TrustList, at now: Timestamp) -> TrustChange {
        let old = list.lastTrust(of: peer.identity)
        let isDistrusted = list.entries[peer.identity]?.action == .distrust
        var addresses = self.addresses
        if let card = peer.address, addresses?.contains(card) != true { addresses = [card] + (addresses ?? []) }
        let note = self.note ?? old?.note
        return .trust(
            peer.identity,
            name: name ?? old?.name ?? peer.name,
            addresses: addresses ?? old?.addresses ?? [],
            may: may ?? old?.may ?? TrustChange.defaultPermissions,
            until: until ?? old?.until.flatMap { isDistrusted && $0 < now ? nil : $0 },
            note: note?.isEmpty == true ? nil : note,
            invitation: old?.invitation
        )
    }

    /// The whole entry that results where trust is taken back: what isn't given stays as an earlier distrust said.
    public static func distrust(
        _ identity: PublicKey,
        keep: Keep?,
        reason: String?,
        in list: TrustList
    ) -> TrustChange {
        let old = list.entries[identity].flatMap { $0.action == .distrust ? $0 : nil }
        let reason = reason ?? old?.reason
        return .distrust(identity, keep: keep ?? old?.keep ?? .all, reason: reason?.isEmpty == true ? nil : reason)
    }
}
