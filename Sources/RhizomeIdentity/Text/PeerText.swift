public import SignedStatements

/// What a person pastes to name a peer: a did, a card or a line of OpenSSH (spec: identity.md, "Text forms").
public struct PeerText: Hashable, Sendable {
    /// Whom it names; always acceptable.
    public let identity: PublicKey
    /// Where the card says that the peer listens.
    public let address: PeerAddress?
    /// What the card or the SSH line calls the peer, where that can be a petname.
    public let name: String?

    private static let scheme = "rhizome://"
    /// How OpenSSH's key lines start, so that one of another kind is told what it is.
    private static let sshPrefixes = ["ssh-", "ecdsa-", "sk-"]

    /// Reads a text without spaces or line ends around it.
    ///
    /// A card with anything that its printed form doesn't have is refused. An SSH line's comment may be anything.
    ///
    /// - Throws: ``IdentityError`` `malformedPeer`, `unacceptableKey`, `malformedAddress`, `malformedName`;
    ///   `invisibleCharacter` where one is the reason; `newerVersion` for a card with the reserved parameter
    ///   `transport`.
    public init(parsing text: String) throws(IdentityError) {
        do throws(IdentityError) {
            try self.init(strictly: text)
        } catch {
            guard let (number, name) = InvisibleCharacter.first(in: text) else { throw error }
            throw IdentityError(
                .invisibleCharacter,
                "character \(number) is \(name), which can't be seen and doesn't belong there; take it away"
            )
        }
    }

    private init(strictly text: String) throws(IdentityError) {
        if let card = text.after(Self.scheme) {
            try self.init(card: card)
        } else if Self.sshPrefixes.contains(where: { text.after($0) != nil }) {
            guard let (key, comment) = SSHLine.parse(text) else {
                throw IdentityError(
                    .malformedPeer,
                    "not an Ed25519 line of OpenSSH; make such a key by: ssh-keygen -t ed25519, and take its .pub file"
                )
            }
            guard key.isAcceptable else { throw Self.unacceptable }
            self.init(key, nil, comment.flatMap { PeerName.isValid($0) ? $0 : nil })
        } else {
            guard let key = PublicKey(typed: text) else {
                throw IdentityError(
                    .malformedPeer,
                    "not a peer: give a did (did:key:z6Mk…), a card (rhizome://z6Mk…) or an SSH line (ssh-ed25519 AAAA…)"
                )
            }
            self.init(key, nil, nil)
        }
    }

    /// The peer of a key that is known to be acceptable, without more.
    init(identity: PublicKey) { self.init(identity, nil, nil) }

    private init(_ identity: PublicKey, _ address: PeerAddress?, _ name: String?) {
        self.identity = identity
        self.address = address
        self.name = name
    }

    private init(card: Substring) throws(IdentityError) {
        let parts = card.split(atFirst: "?")
        let place = parts[0].split(atFirst: "@")
        guard let key = PublicKey(multibase: place[0]) else {
            throw IdentityError(.malformedPeer, "the card's key is no identity; ask for the card again")
        }
        var address: PeerAddress?
        if place.count == 2 {
            guard let read = PeerAddress(String(place[1])) else {
                throw IdentityError(
                    .malformedAddress,
                    "the card's address is not host:port with a port from 1 to 65535 (IPv6 in brackets)"
                )
            }
            address = read
        }
        var name: String?
        if parts.count == 2 {
            guard let value = parts[1].after("name=") else {
                if parts[1].after("transport=") != nil {
                    throw IdentityError(.newerVersion, "the card was written by a newer version; update this program")
                }
                throw IdentityError(.malformedPeer, "the card has something else after its ? than name=…")
            }
            guard PeerName.isValid(value) else {
                throw IdentityError(.malformedName, "the card's name is not 1 to 64 of A-Z a-z 0-9 . _ -")
            }
            name = String(value)
        }
        self.init(key, address, name)
    }

    private static var unacceptable: IdentityError {
        IdentityError(.unacceptableKey, "that key can't be an identity (small order or not canonical); ask for another")
    }
}
