import Bytes
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeIdentity

/// Invitations in the trusted-peer list (spec: meeting.md, "Invitations").
@Suite struct InvitationTests {
    private let now: Timestamp = 1_735_689_600_000_000
    private let owner: Identity

    init() throws { owner = try Identity.generate() }

    private func key() throws -> PublicKey { try InvitationCode.random().key().publicKey }

    private func list(_ changes: TrustChange...) throws -> TrustList {
        try TrustList(changes, signedBy: owner, now: now)
    }

    private func refusal(_ change: TrustChange, by list: TrustList, at time: Timestamp? = nil) -> IdentityError.Code? {
        do {
            try list.check(change, at: time ?? now)
            return nil
        } catch { return error.code }
    }

    @Test("an invitation is open for a week, for as long as it says, until it is taken, or until it is withdrawn")
    func open() throws {
        let (a, b, c, d, bob) = try (key(), key(), key(), key(), key())
        var list = try list(
            .invite(a, name: "a"),
            .invite(b, name: "b", expires: now + .seconds(60)),
            .invite(c, name: "c"),
            .invite(d, name: "d")
        )
        #expect(list.entries.isEmpty, "nobody is trusted by it yet")
        #expect(list.openInvitations(at: now + .seconds(1)).map(\.name) == ["a", "b", "c", "d"])
        #expect(list.openInvitations(at: now + .seconds(61)).map(\.name) == ["a", "c", "d"])
        let first = try #require(list.invitations[a])
        #expect(first.isOpen(at: first.time + Invitation.standard))
        #expect(!first.isOpen(at: (first.time + Invitation.standard).next))
        #expect(try list.invitation(ofTransportKey: #require(a.transportKey)) == first)
        try list.apply(.trust(bob, name: "c", invitation: c), signedBy: owner, now: now)
        try list.apply(.distrust(d), signedBy: owner, now: now)
        #expect(list.openInvitations(at: now + .seconds(1)).map(\.name) == ["a", "b"])
        #expect(list.invitations[c]?.guest == bob)
        #expect(list.entries.keys.map(\.self) == [bob], "who withdraws an invitation distrusts nobody")
        #expect(list.authors == [owner.publicKey, bob])
    }

    @Test("a name is kept for the guest while its invitation is open, and free again afterwards")
    func names() throws {
        let (a, bob) = try (key(), key())
        let list = try list(.invite(a, name: "bob", expires: now + .seconds(60)))
        #expect(refusal(.trust(bob, name: "bob"), by: list) == .nameTaken)
        #expect(refusal(.invite(try key(), name: "bob"), by: list) == .nameTaken)
        #expect(refusal(.trust(bob, name: "bob", invitation: a), by: list) == nil)
        #expect(refusal(.trust(bob, name: "bob"), by: list, at: now + .seconds(61)) == nil)
        #expect(refusal(.invite(try key(), name: "bob"), by: list, at: now + .seconds(61)) == nil)
        let taken = try self.list(.trust(bob, name: "bob"))
        #expect(refusal(.invite(a, name: "bob"), by: taken) == .nameTaken)
        for name in ["", "a b", "é"] { #expect(refusal(.invite(a, name: name), by: taken) == .malformedName) }
    }

    @Test("an invitation has a key of its own, runs out within 30 days, and can be taken once while it is open")
    func refusals() throws {
        let (a, bob, carol) = try (key(), key(), key())
        let list = try list(.trust(bob, name: "bob"), .invite(a, name: "carol"))
        #expect(refusal(.invite(bob, name: "x"), by: list) == .unacceptableKey)
        #expect(refusal(.invite(a, name: "x"), by: list) == .unacceptableKey)
        #expect(refusal(.invite(owner.publicKey, name: "x"), by: list) == .ownIdentity)
        #expect(refusal(.trust(a, name: "x"), by: list) == .unacceptableKey)
        var mirrored = a.bytes.array
        mirrored[31] ^= 0x80
        #expect(refusal(.trust(try #require(PublicKey(mirrored)), name: "x"), by: list) == .unacceptableKey)
        let next = try key()
        for (expires, code) in [
            (now - .seconds(1), IdentityError.Code.unusableExpiry), (now, nil), (now + Invitation.longest, nil),
            ((now + Invitation.longest).next, .unusableExpiry), (.min, .unusableExpiry), (.max, .unusableExpiry),
        ] as [(Timestamp, IdentityError.Code?)] {
            #expect(refusal(.invite(next, name: "x", expires: expires), by: list) == code)
        }
        let trust = TrustChange.trust(carol, name: "carol", invitation: a)
        var taken = list
        try taken.apply(trust, signedBy: owner, now: now)
        #expect(refusal(trust, by: taken) == nil, "the entry can be changed")
        #expect(refusal(.trust(try key(), name: "dave", invitation: a), by: taken) == .invitationClosed)
        #expect(refusal(trust, by: list, at: now + .seconds(8 * 86_400)) == .invitationClosed)
        #expect(refusal(.trust(carol, name: "carol", invitation: try key()), by: self.listOfNobody()) == nil)
    }

    /// A guest's list knows no invitation of its host's.
    private func listOfNobody() -> TrustList { TrustList(owner: owner.publicKey) }

    @Test("64 invitations are open at the most; those that are over don't count")
    func most() throws {
        var list = listOfNobody()
        for number in 0..<Invitation.mostOpen {
            try list.apply(
                .invite(try key(), name: "guest-\(number)", expires: now + .seconds(number == 0 ? 60 : 3_600)),
                signedBy: owner,
                now: now
            )
        }
        let more = TrustChange.invite(try key(), name: "more")
        #expect(refusal(more, by: list, at: now + .seconds(1)) == .tooManyInvitations)
        #expect(refusal(more, by: list, at: now + .seconds(61)) == nil)
        let second = try #require(list.openInvitations(at: now + .seconds(1)).last)
        try list.apply(.distrust(second.key), signedBy: owner, now: now)
        #expect(refusal(more, by: list, at: now + .seconds(1)) == nil)
    }

    @Test("what a person changes about an entry leaves by which invitation it came")
    func amended() throws {
        let (a, bob) = try (key(), key())
        let list = try list(.invite(a, name: "bob"), .trust(bob, name: "bob", invitation: a))
        var amendment = TrustAmendment()
        amendment.note = "met in Caer"
        let change = amendment.change(for: try PeerText(parsing: bob.did), in: list, at: now)
        #expect(change.invitation == a)
        #expect(change.note == "met in Caer")
    }

    @Test("whatever is stated at random, the journal's bytes give the same list, and its rules hold")
    func property() throws {
        try withSeed { random in
            for _ in 0..<20 {
                var list = TrustList(owner: owner.publicKey)
                var bytes: [UInt8] = []
                var time = now
                let keys = try (0..<8).map { _ in try Identity.seeded(&random).publicKey }
                for _ in 0..<60 {
                    time = time + .seconds(Int64.random(in: 0...90_000, using: &random))
                    let name = "n\(Int.random(in: 0..<6, using: &random))"
                    guard let key = keys.randomElement(using: &random) else { continue }
                    let change: TrustChange =
                        switch Int.random(in: 0..<4, using: &random) {
                        case 0:
                            .invite(
                                try Identity.seeded(&random).publicKey,
                                name: name,
                                may: Bool.random(using: &random) ? [] : [.author],
                                expires: Bool.random(using: &random) ? nil : time + .seconds(100_000),
                                needsConfirmation: Bool.random(using: &random)
                            )
                        case 1:
                            .trust(key, name: name, invitation: list.invitations.keys.randomElement(using: &random))
                        case 2: .trust(key, name: name)
                        default: .distrust(list.invitations.keys.randomElement(using: &random) ?? key)
                        }
                    guard let statement = try? list.apply(change, signedBy: owner, now: time) else { continue }
                    bytes += statement.signed.encoded
                    let open = list.openInvitations(at: time)
                    #expect(open.count <= Invitation.mostOpen)
                    let names = open.map(\.name) + list.entriesByName.compactMap(\.name)
                    #expect(Set(names).count == names.count, "RHIZOME_TEST_SEED=\(random.seed)")
                    for invitation in open { #expect(list.entries[invitation.key] == nil) }
                }
                let read = try TrustJournal.parse(bytes, owner: owner.publicKey).list
                #expect(read.entries == list.entries, "RHIZOME_TEST_SEED=\(random.seed)")
                #expect(read.invitations == list.invitations, "RHIZOME_TEST_SEED=\(random.seed)")
                #expect(read.head == list.head)
            }
        }
    }
}
