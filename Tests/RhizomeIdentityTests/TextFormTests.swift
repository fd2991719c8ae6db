import Bytes
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

private struct IdentityCase: Decodable {
    let seed: String
    let publicKey: String
    let did: String
    let fingerprint: String
    let ssh: String
    let transportPublic: String
    let transportSecret: String
}

private struct InvalidCase: Decodable {
    let why: String
    let did: String
}

private struct PeerTextCase: Decodable {
    let text: String
    let did: String?
    let address: String?
    let name: String?
}

@Suite struct TextFormTests {
    @Test("a seed gives every public form of the vectors")
    func vectors() throws {
        for entry in try TestFiles.cases("identity", as: IdentityCase.self) {
            let identity = try #require(try Identity(hexSeed: entry.seed))
            let key = identity.publicKey
            #expect(Hex.encode(key.bytes.array) == entry.publicKey)
            #expect(key.did == entry.did)
            #expect(key.fingerprint == entry.fingerprint)
            #expect(key.sshLine(name: "name") == entry.ssh)
            #expect(key.transportKey.flatMap { Z85.encode($0.array) } == entry.transportPublic)
            #expect(Z85.decode(entry.transportPublic) == key.transportKey?.array)
            let secret = try identity.transportSecret()
            #expect(Z85.encode(secret.revealing(0..<secret.count)) == entry.transportSecret)
            #expect(PublicKey(did: entry.did) == key)
            #expect(PublicKey(typed: key.multibase) == key)
            #expect(try PeerText(parsing: key.sshLine(name: "alice")).name == "alice")
            #expect(key.short == key.multibase.prefix(12))
        }
    }

    @Test("what is no did of an acceptable identity is refused")
    func invalid() throws {
        for entry in try TestFiles.cases("identity-invalid", as: InvalidCase.self) {
            #expect(PublicKey(did: entry.did) == nil, "\(entry.why)")
        }
    }

    @Test("what a person pastes for a peer is read as the vectors say, or refused")
    func peerTexts() throws {
        for entry in try TestFiles.cases("peer-text", as: PeerTextCase.self) {
            let peer = try? PeerText(parsing: entry.text)
            #expect(peer?.identity.did == entry.did, "\(entry.text)")
            #expect(peer?.address?.description == entry.address, "\(entry.text)")
            #expect(peer?.name == entry.name, "\(entry.text)")
        }
    }

    @Test("every did and card is printed back as it was read, and no changed character passes")
    func roundTrip() throws {
        try withSeed { random in
            for _ in 0..<20 {
                let key = try Identity.seeded(&random).publicKey
                #expect(PublicKey(did: key.did) == key)
                let card = key.card(address: PeerAddress("[::1]:4000"), name: "a.b")
                let peer = try PeerText(parsing: card)
                #expect(peer.identity.card(address: peer.address, name: peer.name) == card)
                var changed = Array(key.did.utf8)
                let place = Int.random(in: 9..<changed.count, using: &random)
                changed[place] = changed[place] == UInt8(ascii: "2") ? UInt8(ascii: "3") : UInt8(ascii: "2")
                if let other = PublicKey(did: String(decoding: changed, as: UTF8.self)) { #expect(other != key) }
            }
        }
    }

    @Test(
        "an accent or a line end hidden behind a prefix is refused",
        arguments: ["did:key:\u{301}", "did:key:\r\n", "\u{feff}did:key:", "did:key: "]
    )
    func hiddenCharacters(prefix: String) throws {
        let key = try Identity.generate().publicKey
        #expect(PublicKey(did: prefix + key.multibase) == nil)
        #expect(PublicKey(typed: prefix + key.multibase) == nil)
        #expect(throws: IdentityError.self) { try PeerText(parsing: "rhizome://\u{301}" + key.multibase) }
        #expect(throws: IdentityError.self) { try PeerText(parsing: key.card() + "?name=\u{301}x") }
    }

    @Test(
        "a character that nobody sees is named, with where it stands",
        arguments: [
            ("\u{feff}", 1, "U+FEFF (byte-order mark)"), ("did:\u{200b}", 5, "U+200B (zero width space)"),
            ("\u{a0}", 1, "U+00A0 (no-break space)"), ("did:key:\u{7}", 9, "U+0007"),
            ("rhizome://\u{200e}", 11, "U+200E (left-to-right mark)"), ("ssh-ed25519\u{202f}", 12, "U+202F"),
        ]
    )
    func namedCharacters(prefix: String, number: Int, name: String) throws {
        let key = try Identity.generate().publicKey
        let error = #expect(throws: IdentityError.self) { try PeerText(parsing: prefix + key.multibase) }
        #expect(error?.code == .invisibleCharacter)
        #expect(error?.message.contains("character \(number) is \(name)") == true, "\(error?.message ?? "")")
        // In an SSH line's comment, where anything may stand, it is no reason.
        let line = key.sshLine(name: nil) + " a\(prefix)b"
        #expect(try PeerText(parsing: line).identity == key)
        let other = #expect(throws: IdentityError.self) { try PeerText(parsing: "ssh-rsa AAAA a\(prefix)b") }
        #expect(other?.code == .malformedPeer)
    }

    @Test("a card with the reserved transport parameter is told to be of a newer version")
    func reservedParameter() throws {
        let card = try Identity.generate().publicKey.card() + "?transport=x"
        let error = #expect(throws: IdentityError.self) { try PeerText(parsing: card) }
        #expect(error?.code == .newerVersion)
    }

    @Test("a long text is refused without costing its square")
    func longText() {
        #expect(PublicKey(did: "did:key:z" + String(repeating: "2", count: 1_000_000)) == nil)
    }

    @Test(
        "addresses are read and printed back",
        arguments: [
            "127.0.0.1:4000", "example.org:1", "EXAMPLE.org:65535", "a_b-c:80", "[::1]:4000", "[2001:db8::1]:4000",
            "[::]:1", "[1:2:3:4:5:6:7:8]:9", "[::ffff:10.0.0.1]:4000", "[fe80::]:1", "node1:4000",
        ]
    )
    func addresses(text: String) {
        #expect(PeerAddress(text)?.description == text)
    }

    @Test(
        "what is no host and port is refused",
        arguments: [
            "", ":4000", "host", "host:", "host:0", "host:65536", "host:04000", "host:+1", "host: 1", "ho st:1",
            "host:1 ",
            "::1:4000", "[::1]", "[::1]:0", "[:::1]:4000", "[1:2]:4000", "[1:2:3:4:5:6:7:8:9]:1", "[::1%eth0]:1",
            "[]:1",
            "[1::2::3]:1", "[:1]:1", "[1:]:1", "[12345::]:1", "[127.0.0.1]:1", "999.1.1.1:1", "1.2.3:1", "01.2.3.4:1",
            "-a:1", "a-:1", "a..b:1", "a.:1", ".a:1", "hé:1", "*:1", "host:9999999999", "a@b:1", "a/b:1", "host:４000",
        ]
    )
    func badAddresses(text: String) {
        #expect(PeerAddress(text) == nil)
    }

    @Test("Z85 refuses other lengths, characters and groups above 32 bits")
    func z85() {
        #expect(Z85.encode([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]) == "HelloWorld")
        #expect(Z85.decode("HelloWorld") == [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b])
        #expect(Z85.encode([1]) == nil)
        for text in ["Hello1", "#####", "Hell~", "Hell "] { #expect(Z85.decode(text) == nil) }
    }
}
