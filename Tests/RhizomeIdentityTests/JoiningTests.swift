import Bytes
import Foundation
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeIdentity

/// What host and guest sign for each other, and what a host does about it (spec: meeting.md, "Invitations").
@Suite struct JoiningTests {
    private let now: Timestamp = 1_800_000_000_000_000
    private let vectors: MeetingVectors
    private let host: Identity
    private let guest: Identity
    private let invitation: PublicKey

    init() throws {
        vectors = try MeetingVectors.load()
        host = try #require(try Identity(hexSeed: vectors.joins.hostSeed))
        guest = try #require(try Identity(hexSeed: vectors.joins.guestSeed))
        invitation = try #require(PublicKey(did: vectors.joins.invitation))
    }

    private func list(_ changes: TrustChange...) throws -> TrustList {
        try TrustList(changes, signedBy: host, now: now)
    }

    private func invited(may: Set<Permission> = [.author], confirm: Bool = false) -> TrustChange {
        .invite(invitation, name: "bob", may: may, until: now + 99, note: "n", needsConfirmation: confirm)
    }

    private func join(
        _ guest: Identity? = nil,
        to recipient: PublicKey? = nil,
        by key: PublicKey? = nil,
        at addresses: [PeerAddress] = []
    ) throws -> JoinStatement {
        let statement = JoinStatement(
            by: guest ?? self.guest,
            to: recipient ?? host.publicKey,
            invitation: key ?? invitation,
            time: now,
            name: "robert",
            addresses: addresses
        )
        let read = try #require(JoinStatement(verifying: statement.signed.encoded))
        #expect(read == statement, "what is signed is read the same")
        return read
    }

    private func refusal(_ join: JoinStatement, by list: TrustList, at time: Timestamp? = nil) -> JoinRefusal? {
        guard case .refused(let refusal) = list.answer(to: join, by: invitation, at: time ?? now) else { return nil }
        return refusal
    }

    @Test("the vectors' joins take their guest in or don't, at a host with one open invitation")
    func joins() throws {
        #expect(vectors.joins.cases.count == 17)
        let list = try list(.invite(invitation, name: "bob"))
        for vector in vectors.joins.cases {
            let bytes = try #require(Hex.decode(vector.join))
            let read = JoinStatement(verifying: bytes)
            guard vector.ok else {
                let answer = read.map { list.answer(to: $0, by: invitation, at: now) }
                if case .take = answer { Issue.record("taken in: \(vector.name)") }
                continue
            }
            let join = try #require(read, "\(vector.name)")
            #expect(join.signer == guest.publicKey)
            #expect(join.petname == vector.guestName)
            #expect(join.addresses.map(\.description) == vector.addresses)
            guard case .take(let change) = list.answer(to: join, by: invitation, at: now) else {
                Issue.record("refused: \(vector.name)")
                continue
            }
            #expect(change.addresses == join.addresses)
            #expect(change.name == "bob", "the host's name for it, not its own")
        }
    }

    @Test("the vectors' replies are the host's word for this guest, or aren't")
    func replies() throws {
        #expect(vectors.replies.count == 3)
        for vector in vectors.replies {
            let bytes = try #require(Hex.decode(vector.reply))
            let reply = try #require(JoinStatement(verifying: bytes))
            let isGood =
                reply.signer == host.publicKey && reply.recipient == guest.publicKey && reply.invitation == invitation
            #expect(isGood == vector.ok)
        }
    }

    @Test("a guest gets what its invitation says; one that is to be confirmed may nothing yet")
    func taken() throws {
        let address = try #require(PeerAddress("bob.example.org:4000"))
        for confirm in [false, true] {
            let list = try list(invited(confirm: confirm))
            let expected = TrustChange.trust(
                guest.publicKey,
                name: "bob",
                addresses: [address],
                may: confirm ? [] : [.author],
                until: now + 99,
                note: "n",
                invitation: invitation
            )
            #expect(list.answer(to: try join(at: [address]), by: invitation, at: now) == .take(expected))
        }
    }

    @Test("the same guest is answered again, another one isn't, and nobody once it is over")
    func once() throws {
        var list = try list(invited())
        guard case .take(let change) = list.answer(to: try join(), by: invitation, at: now) else {
            Issue.record("not taken in")
            return
        }
        try list.apply(change, signedBy: host, now: now)
        let entry = try #require(list.entries[guest.publicKey])
        #expect(list.answer(to: try join(), by: invitation, at: now) == .repeated(entry))
        let other = try Identity.generate()
        #expect(refusal(try join(other), by: list) == .taken)
        let end = now + Invitation.standard
        #expect(list.answer(to: try join(), by: invitation, at: end) == .repeated(entry))
        #expect(refusal(try join(), by: list, at: end.next) == .closed)
        var withdrawn = list
        try withdrawn.apply(.distrust(invitation), signedBy: host, now: now)
        #expect(refusal(try join(), by: withdrawn) == .closed)
        #expect(withdrawn.mayAuthor(guest.publicKey, at: now), "who was taken in stays")
        try list.apply(.distrust(guest.publicKey), signedBy: host, now: now)
        #expect(refusal(try join(), by: list) == .known, "the last word on it is distrust")
    }

    @Test("nobody is taken in for whom the list has another word, nor who isn't meant, nor by another's invitation")
    func refusals() throws {
        let open = try list(invited())
        #expect(refusal(try join(to: Identity.generate().publicKey), by: open) == .notMeant)
        #expect(refusal(try join(by: Identity.generate().publicKey), by: open) == .notMeant)
        #expect(refusal(try join(), by: try list()) == .closed)
        #expect(refusal(try join(), by: try list(invited(), .distrust(guest.publicKey))) == .known)
        #expect(refusal(try join(), by: try list(invited(), .trust(guest.publicKey, name: "rob"))) == .known)
        #expect(refusal(try join(host), by: open) == .unacceptable)
        // Its mirror image was trusted before.
        var mirrored = guest.publicKey.bytes.array
        mirrored[31] ^= 0x80
        let mirror = try #require(PublicKey(mirrored))
        #expect(refusal(try join(), by: try list(invited(), .trust(mirror, name: "x"))) == .unacceptable)
    }

    @Test("the guest states trust in the host once, by a free name, and goes where the line says first")
    func guestSide() throws {
        let code = try InvitationCode.random()
        let key = try code.key().publicKey
        let line = InvitationLine(
            host: host.publicKey,
            address: try #require(PeerAddress("a.example:4000")),
            code: code
        )
        let other = try #require(PeerAddress("b.example:4000"))
        func reply(_ name: String?) -> JoinStatement {
            JoinStatement(
                by: host,
                to: guest.publicKey,
                invitation: key,
                time: now,
                name: name,
                addresses: [other, line.address]
            )
        }
        var list = TrustList(owner: guest.publicKey)
        let first = try #require(try list.change(for: reply("alice"), by: line, name: nil, at: now))
        #expect(first.addresses == [line.address, other])
        #expect(first.name == "alice")
        #expect(first.may == TrustChange.defaultPermissions)
        #expect(first.invitation == key)
        try list.apply(first, signedBy: guest, now: now)
        #expect(try list.change(for: reply("alice"), by: line, name: nil, at: now) == nil)
        #expect(try list.change(for: reply("alicia"), by: line, name: nil, at: now) == nil, "the name is ours")
        #expect(try list.change(for: reply("alice"), by: line, name: "al", at: now)?.name == "al")

        var crowded = TrustList(owner: guest.publicKey)
        for (number, name) in ["alice", "alice-2"].enumerated() {
            let key = try Identity.generate().publicKey
            try crowded.apply(.trust(key, name: name), signedBy: guest, now: now + .microseconds(Int64(number)))
        }
        try crowded.apply(.invite(invitation, name: "alice-3"), signedBy: guest, now: now)
        #expect(try crowded.change(for: reply("alice"), by: line, name: nil, at: now)?.name == "alice-4")
        #expect(try crowded.change(for: reply("no name"), by: line, name: nil, at: now)?.name == host.publicKey.short)
        #expect(throws: IdentityError.self) {
            try crowded.change(for: reply("alice"), by: line, name: "alice", at: now)
        }
    }

    @Test("each bit of a join counts, and so does where it ends")
    func damaged() throws {
        let bytes = try join().signed.encoded
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(JoinStatement(verifying: changed) == nil, "bit \(bit)")
        }
        for end in 0..<bytes.count { #expect(JoinStatement(verifying: Array(bytes.prefix(end))) == nil) }
        #expect(JoinStatement(verifying: [UInt8](repeating: 0, count: JoinStatement.mostBytes + 1)) == nil)
    }

    @Test("of each invitation four refused guests are remembered, once each, and the last 256 in all")
    func refusedGuests() async throws {
        try await withTemporaryFolder { folder in
            let guests = RefusedGuests(home: try Home.open(folder.path))
            #expect(try guests.load() == [])
            func key(_ number: Int) -> PublicKey { PublicKey(Bytes32(repeating: UInt8(number))) }
            for number in 0..<6 {
                let guest = RefusedGuests.Guest(invitation: key(200), identity: key(number), time: now)
                #expect(try guests.add(guest) == (number < 4))
                #expect(try !guests.add(guest))
            }
            for number in 0..<65 {
                for other in 0..<4 {
                    _ = try guests.add(.init(invitation: key(number), identity: key(other), time: now))
                }
            }
            let kept = try guests.load()
            #expect(kept.count == RefusedGuests.most)
            #expect(kept.last?.invitation == key(64))
            #expect(!kept.contains { $0.invitation == key(200) })
            try Data([1, 2]).write(to: URL(filePath: folder.path("data/refused-guests")))
            #expect(throws: IdentityError.self) { try guests.load() }
        }
    }
}
