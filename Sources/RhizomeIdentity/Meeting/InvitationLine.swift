public import SignedStatements

/// One line that makes two people trust each other: `rhizome-invite://z6Mk…@host:4000?code=…` (spec: meeting.md,
/// "Invitations").
public struct InvitationLine: Hashable, Sendable, CustomStringConvertible {
    private static let scheme = "rhizome-invite://"

    /// Who invites; always acceptable.
    public let host: PublicKey
    /// Where the host's node listens for requests.
    public let address: PeerAddress
    /// What lets its guest in.
    public let code: InvitationCode

    /// The line for a host and a code.
    public init(host: PublicKey, address: PeerAddress, code: InvitationCode) {
        self.host = host
        self.address = address
        self.code = code
    }

    /// The line that a person sends to the guest.
    public var description: String { "\(Self.scheme)\(host.multibase)@\(address)?code=\(code)" }

    /// Reads a line without spaces or line ends around it; anything that would not be printed back is refused.
    ///
    /// - Throws: ``IdentityError`` `malformedInvitation`; `newerVersion` for a parameter that this version doesn't know.
    public init(parsing text: String) throws(IdentityError) {
        guard let rest = text.after(Self.scheme) else {
            throw IdentityError(
                .malformedInvitation,
                "not an invitation: it starts with \(Self.scheme); a card (rhizome://…) is trusted by: rhizome-keys trust"
            )
        }
        let parts = rest.split(atFirst: "?")
        let place = parts[0].split(atFirst: "@")
        guard let host = PublicKey(multibase: place[0]) else { throw Self.malformed("its key is no identity") }
        guard place.count == 2, let address = PeerAddress(String(place[1])) else {
            throw Self.malformed("it has no host:port with a port from 1 to 65535 (IPv6 in brackets)")
        }
        guard parts.count == 2 else { throw Self.malformed("it has no code; was it cut?") }
        let parameters = parts[1].utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            .map { parts[1][$0.startIndex..<$0.endIndex] }
        let codes = parameters.compactMap { $0.after("code=") }
        guard codes.count <= 1 else { throw Self.malformed("it has two codes") }
        guard codes.count == parameters.count, let text = codes.first else {
            throw IdentityError(.newerVersion, "the invitation was made by a newer version; update this program")
        }
        guard let code = InvitationCode(text) else {
            throw Self.malformed("its code has not \(InvitationCode.textCount) characters of base64url; was it cut?")
        }
        self.init(host: host, address: address, code: code)
    }

    private static func malformed(_ what: String) -> IdentityError {
        IdentityError(.malformedInvitation, "the invitation can't be used: \(what); ask for the line again")
    }
}
