public import Bytes
public import SignedStatements
internal import Sodium

/// The text forms of an identity (spec: identity.md, "Text forms").
extension PublicKey {
    private static let didPrefix = "did:key:"
    /// The multicodec of Ed25519 public keys, as did:key puts it before the key.
    private static let codec: [UInt8] = [0xed, 0x01]

    /// How many characters ``short`` has.
    public static let shortCount = 12

    /// `did:key:z…`: the form for JSON, output and storage by other programs.
    public var did: String { Self.didPrefix + multibase }

    /// The did without `did:key:`, as people type it.
    public var multibase: String { "z" + Base58.encode(Self.codec + bytes.array) }

    /// Reads a did of an acceptable identity; `nil` for anything that ``did`` would not print.
    public init?(did: String) {
        guard let text = did.after(Self.didPrefix) else { return nil }
        self.init(multibase: text)
    }

    /// Reads a did of an acceptable identity, with or without `did:key:`.
    public init?(typed text: String) {
        self.init(multibase: text.after(Self.didPrefix) ?? text[...])
    }

    init?(multibase text: Substring) {
        // 48 characters with the z; the limit keeps a long text from costing its square.
        guard text.utf8.count <= 64, let digits = text.after("z"), let decoded = Base58.decode(digits),
            decoded.starts(with: Self.codec),
            let key = PublicKey(decoded.dropFirst(Self.codec.count)),
            key.multibase.utf8.elementsEqual(text.utf8), key.isAcceptable
        else { return nil }
        self = key
    }

    /// The first twelve characters of the did after `did:key:`, for people's eyes alone: many keys share them.
    public var short: String { String(multibase.prefix(Self.shortCount)) }

    /// `SHA256:…`, as `ssh-keygen -l` prints it for the same key.
    public var fingerprint: String {
        "SHA256:" + Base64.standardUnpadded.encode(SHA256.hash(SSHLine.blob(self)).array)
    }

    /// The line of an OpenSSH public key file, with a name at its end where one is given.
    public func sshLine(name: String? = nil) -> String {
        let line = "ssh-ed25519 " + Base64.standard.encode(SSHLine.blob(self))
        return name.map { line + " " + $0 } ?? line
    }

    /// The X25519 form, by which CurveZMQ knows the identity; `nil` for keys that are not acceptable.
    ///
    /// A key and its negative have the same: the trusted-peer list never holds both.
    public var transportKey: Bytes32? { Ed25519.transportKey(of: bytes) }

    /// The card that a person sends to another: `rhizome://z6Mk…@host:port?name=…`.
    public func card(address: PeerAddress? = nil, name: String? = nil) -> String {
        "rhizome://" + multibase + (address.map { "@\($0)" } ?? "") + (name.map { "?name=" + $0 } ?? "")
    }
}

/// What an OpenSSH key line holds (RFC 4253, section 6.6; RFC 8709, section 4).
enum SSHLine {
    private static let algorithm = "ssh-ed25519"

    /// The key's blob: string "ssh-ed25519", string key.
    static func blob(_ key: PublicKey) -> [UInt8] {
        [0, 0, 0, 11] + Array(algorithm.utf8) + [0, 0, 0, 32] + key.bytes.array
    }

    /// The key and the comment of a line; `nil` for all but Ed25519 lines.
    static func parse(_ text: String) -> (key: PublicKey, comment: String?)? {
        guard let parts = text.after(algorithm + " ")?.split(atFirst: " "), let blob = Base64.standard.decode(parts[0]),
            let key = PublicKey(blob.suffix(Bytes32.count)), Self.blob(key) == blob
        else { return nil }
        return (key, parts.count == 2 ? String(parts[1]) : nil)
    }
}
