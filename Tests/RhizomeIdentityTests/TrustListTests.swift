import Bytes
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@Suite struct TrustListTests {
    private let owner: Identity
    private let alice: PublicKey
    private let bob: PublicKey
    private let now: Timestamp = 1_735_689_600_000_000

    init() throws {
        owner = try Identity.generate()
        alice = try Identity.generate().publicKey
        bob = try Identity.generate().publicKey
    }

    private func list(_ changes: TrustChange...) throws -> TrustList {
        try TrustList(changes, signedBy: owner, now: now)
    }

    private func refusal(_ change: TrustChange, by list: TrustList) -> IdentityError.Code? {
        do {
            try list.check(change, at: now)
            return nil
        } catch { return error.code }
    }

    /// The key with the sign bit flipped: -A, with the same X25519 form.
    private func mirror(_ key: PublicKey) throws -> PublicKey {
        var bytes = key.bytes.array
        bytes[31] ^= 0x80
        let mirror = try #require(PublicKey(bytes))
        #expect(mirror.isAcceptable)
        #expect(mirror.transportKey == key.transportKey)
        return mirror
    }

    @Test("a trusted peer may write and connect by default, and nothing else where `may` says so")
    func permissions() throws {
        let list = try list(
            .trust(alice, name: "alice"),
            .trust(bob, name: "bob", may: [.connect])
        )
        #expect(list.mayAuthor(alice, at: now))
        #expect(list.mayConnect(alice, at: now))
        #expect(!list.mayAuthor(bob, at: now))
        #expect(list.mayConnect(bob, at: now))
        #expect(list.mayAuthor(owner.publicKey, at: now))
        #expect(list.standing(of: owner.publicKey, at: now) == .own)
        let stranger = try Identity.generate().publicKey
        #expect(list.standing(of: stranger, at: now) == .unknown)
        #expect(!list.mayAuthor(stranger, at: now))
        #expect(list.entriesByName.map(\.name) == ["alice", "bob"])
        #expect(try list.identity(ofTransportKey: #require(bob.transportKey)) == bob)
    }

    @Test("a distrusted peer may nothing, and keeps what the statement says")
    func distrust() throws {
        let ids = [Bytes32(repeating: 9), Bytes32(repeating: 1)]
        let list = try list(
            .trust(alice, name: "alice"),
            .distrust(alice, keep: .ids(ids), reason: "lost"),
            .distrust(bob)
        )
        #expect(list.standing(of: alice, at: now) == .distrusted(.ids(ids)))
        #expect(list.standing(of: bob, at: now) == .distrusted(.all))
        #expect(!list.mayAuthor(alice, at: now))
        #expect(!list.mayConnect(alice, at: now))
        #expect(list.entriesByName.isEmpty)
        #expect(try list.identity(ofTransportKey: #require(alice.transportKey)) == alice)
    }

    @Test("past `until` an entry is as if distrusted with keep all")
    func until() throws {
        let list = try list(.trust(alice, name: "alice", until: now + 10))
        #expect(list.mayAuthor(alice, at: now + 10))
        #expect(!list.mayAuthor(alice, at: now + 11))
        #expect(list.standing(of: alice, at: now + 11) == .distrusted(.all))
        #expect(list.nextExpiry(after: now) == now + 10)
        #expect(list.nextExpiry(after: now + 11) == nil)
    }

    @Test("a petname is free only when its holder's last statement is not `trust`, expired or not")
    func petnames() throws {
        var list = try list(.trust(alice, name: "alice", until: now + 1))
        #expect(refusal(.trust(bob, name: "alice"), by: list) == .nameTaken)
        #expect(refusal(.trust(bob, name: "Alice"), by: list) == nil)
        #expect(refusal(.trust(alice, name: "alice"), by: list) == nil)
        try list.apply(.trust(alice, name: "al"), signedBy: owner, now: now)
        #expect(refusal(.trust(bob, name: "alice"), by: list) == nil)
        #expect(refusal(.trust(bob, name: "al"), by: list) == .nameTaken)
        try list.apply(.distrust(alice), signedBy: owner, now: now)
        #expect(refusal(.trust(bob, name: "al"), by: list) == nil)
        for name in ["", "a b", "é", "a\n", String(repeating: "a", count: 65), "a/b", "a:b"] {
            #expect(refusal(.trust(bob, name: name), by: list) == .malformedName)
        }
    }

    @Test("a key and its mirror image are never both in the list, the own and distrusted ones included")
    func mirrorImages() throws {
        var list = try list(.trust(alice, name: "alice"))
        #expect(refusal(.trust(try mirror(alice), name: "x"), by: list) == .sharedTransportKey)
        try list.apply(.distrust(alice), signedBy: owner, now: now)
        #expect(refusal(.trust(try mirror(alice), name: "x"), by: list) == .sharedTransportKey)
        #expect(refusal(.trust(try mirror(owner.publicKey), name: "x"), by: list) == .sharedTransportKey)
        #expect(refusal(.trust(alice, name: "alice"), by: list) == nil)
    }

    @Test("the own identity can't be trusted or distrusted, nor a key that is no identity")
    func refusals() throws {
        let list = try list()
        #expect(refusal(.trust(owner.publicKey, name: "me"), by: list) == .ownIdentity)
        #expect(refusal(.distrust(owner.publicKey), by: list) == .ownIdentity)
        #expect(refusal(.trust(PublicKey(Bytes32(repeating: 0)), name: "x"), by: list) == .unacceptableKey)
        let many = [Bytes32](repeating: Bytes32(repeating: 1), count: 65)
        #expect(refusal(.distrust(alice, keep: .ids(many)), by: list) == .malformedPeer)
        #expect(refusal(.distrust(alice, keep: .ids(many.dropLast())), by: list) == nil)
    }

    @Test("times grow by at least one, whatever the clock says")
    func times() throws {
        var list = try list(.trust(alice, name: "alice"))
        try list.apply(.trust(alice, name: "b"), signedBy: owner, now: now - 1_000_000)
        try list.apply(.trust(alice, name: "c"), signedBy: owner, now: now + 50)
        #expect(list.statements.map(\.time) == [now, now + 1, now + 50])
        #expect(list.statements.map(\.sequence) == [0, 1, 2])
        #expect(list.statements.map(\.previous) == [nil, list.statements[0].id, list.statements[1].id])
        #expect(list.head == list.statements[2].id)
        #expect(list.contains(statement: list.statements[0].id))
    }

    @Test("what a person types finds one entry, or says why not")
    func finding() throws {
        let list = try list(.trust(alice, name: "alice"), .trust(bob, name: String(alice.multibase.prefix(12))))
        #expect(try list.find("alice").identity == alice)
        #expect(try list.find(alice.did).identity == alice)
        #expect(try list.find(alice.multibase).identity == alice)
        #expect(try list.find(String(alice.did.prefix(30))).identity == alice)
        func code(_ text: String) -> IdentityError.Code? {
            do {
                _ = try list.find(text)
                return nil
            } catch { return error.code }
        }
        // bob's petname is the short form of alice's did: a trap, so nobody is meant.
        #expect(code(alice.short) == .ambiguousPeer)
        #expect(code(String(alice.multibase.prefix(7))) == .unknownPeer)
        #expect(code("nobody") == .unknownPeer)
        #expect(code("") == .unknownPeer)
        #expect(code(try Identity.generate().publicKey.did) == .unknownPeer)
    }

    @Test("a distrusted peer is found by the petname it had last, unless another peer has it now")
    func findingByFormerName() throws {
        var list = try list(.trust(alice, name: "al"), .trust(alice, name: "alice"), .distrust(alice))
        #expect(try list.find("alice").identity == alice)
        #expect(list.lastName(of: alice) == "alice")
        #expect(list.lastName(of: bob) == nil)
        #expect(throws: IdentityError.self) { try list.find("al") }
        #expect(throws: IdentityError.self) { try list.find("Alice") }
        try list.apply(.trust(bob, name: "alice"), signedBy: owner, now: now)
        #expect(try list.find("alice").identity == bob)
        try list.apply(.distrust(bob), signedBy: owner, now: now)
        do throws(IdentityError) {
            _ = try list.find("alice")
            Issue.record("two peers were called alice, and one was found")
        } catch { #expect(error.code == .ambiguousPeer) }
    }

    @Test("every kind of change is read from the journal as it was stated")
    func roundTrip() throws {
        let changes: [TrustChange] = [
            .trust(alice, name: "alice"),
            .trust(
                alice,
                name: "alice",
                addresses: [PeerAddress("[::1]:4000"), PeerAddress("a:1")].compactMap { $0 },
                may: [.introduce, .author],
                until: now,
                note: "mét\u{301}"
            ),
            .trust(alice, name: nil, may: []),
            .distrust(alice, keep: .none, reason: "x"),
            .distrust(alice, keep: .ids([])),
            .distrust(alice, keep: .ids([Bytes32(repeating: 9), Bytes32(repeating: 1)])),
        ]
        var list = TrustList(owner: owner.publicKey)
        var copy = list
        for change in changes {
            let statement = try list.apply(change, signedBy: owner, now: now)
            #expect(statement.change == change)
            try copy.apply(statement.signed)
        }
        #expect(copy.statements == list.statements)
        #expect(copy.entries == list.entries)
    }

    @Test("a delta is let in by a statement of its author's that gave it leave then, and by nothing else")
    func letsIn() throws {
        var list = TrustList(owner: owner.publicKey)
        let trust = try list.apply(.trust(alice, name: "alice", until: now + 10), signedBy: owner, now: now).id
        let connect = try list.apply(.trust(bob, name: "bob", may: [.connect]), signedBy: owner, now: now).id
        let distrust = try list.apply(.distrust(alice), signedBy: owner, now: now).id
        // Though she isn't trusted any more.
        #expect(list.letsIn(alice, by: trust, at: now) && list.letsIn(alice, by: trust, at: now + 10))
        #expect(!list.letsIn(alice, by: trust, at: now + 11))
        #expect(!list.letsIn(alice, by: distrust, at: now) && !list.letsIn(alice, by: nil, at: now))
        #expect(!list.letsIn(bob, by: trust, at: now) && !list.letsIn(bob, by: connect, at: now))
        #expect(list.letsIn(owner.publicKey, by: nil, at: now))
        #expect(!list.letsIn(alice, by: Bytes32(repeating: 1), at: now))
    }

    @Test("the list of a moment has the statements made until then")
    func asOf() throws {
        var list = TrustList(owner: owner.publicKey)
        try list.apply(.trust(alice, name: "alice"), signedBy: owner, now: now)
        try list.apply(.trust(bob, name: "bob"), signedBy: owner, now: now + 10)
        try list.apply(.distrust(alice), signedBy: owner, now: now + 20)
        for (time, names) in [(now - 1, []), (now, ["alice"]), (now + 19, ["alice", "bob"]), (now + 20, ["bob"])] {
            #expect(try list.list(asOf: time).entriesByName.compactMap(\.name) == names)
        }
        #expect(try list.list(asOf: .max).head == list.head)
    }
}
