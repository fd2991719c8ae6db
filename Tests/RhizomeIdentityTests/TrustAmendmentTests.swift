import Bytes
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@Suite struct TrustAmendmentTests {
    private let owner: Identity
    private let bob: PublicKey
    private let now: Timestamp = 1_700_000_000_000_000
    private let trust: TrustChange

    init() throws {
        owner = try Identity.generate()
        bob = try Identity.generate().publicKey
        trust = .trust(
            bob,
            name: "bob",
            addresses: [PeerAddress("a:1"), PeerAddress("b:2")].compactMap { $0 },
            may: [.connect],
            until: now + 1000,
            note: "guest"
        )
    }

    private func list(_ changes: TrustChange...) throws -> TrustList {
        try TrustList(changes, signedBy: owner, now: now)
    }

    private func change(
        _ amendment: TrustAmendment = .init(),
        _ text: String? = nil,
        in list: TrustList,
        at time: Timestamp? = nil
    ) throws -> TrustChange {
        amendment.change(for: try PeerText(parsing: text ?? bob.did), in: list, at: time ?? now)
    }

    @Test("what no option changes stays as the last trust says, also after distrusts")
    func carriedOver() throws {
        let first = TrustChange.trust(bob, name: "b")
        #expect(try change(in: list(first, trust)) == trust)
        #expect(try change(in: list(first, trust, .distrust(bob))) == trust)
        #expect(try change(in: list(trust, .distrust(bob), .distrust(bob, keep: .none, reason: "x"))) == trust)
        // Trust of others, and distrust without any trust before, carry nothing.
        #expect(try change(in: list(.distrust(bob))) == .trust(bob, name: nil))
        let carol = try Identity.generate().publicKey
        #expect(try change(in: list(.trust(carol, name: "carol", may: []), .distrust(carol))) == .trust(bob, name: nil))
        // What was said before the last trust is over.
        #expect(try change(in: list(trust, .distrust(bob), first, .distrust(bob))) == first)
    }

    @Test("an end that has passed is carried over as long as trust wasn't taken back")
    func passedEnds() throws {
        var endless = trust
        endless.until = nil
        for (time, afterDistrust) in [(now, trust), (now + 1000, trust), (now + 1001, endless)] {
            #expect(try change(in: list(trust), at: time) == trust)
            #expect(try change(in: list(trust, .distrust(bob)), at: time) == afterDistrust)
        }
    }

    @Test("each option changes its own part alone, before and after a distrust", arguments: [false, true])
    func options(isDistrusted: Bool) throws {
        let list = try isDistrusted ? list(trust, .distrust(bob)) : list(trust)
        func expect(
            _ set: (inout TrustAmendment) -> Void,
            _ edit: (inout TrustChange) -> Void,
            of text: String? = nil
        ) throws {
            var amendment = TrustAmendment()
            set(&amendment)
            var expected = trust
            edit(&expected)
            #expect(try change(amendment, text, in: list) == expected)
        }
        try expect({ $0.name = "robert" }, { $0.name = "robert" })
        try expect({ $0.addresses = [] }, { $0.addresses = [] })
        try expect({ $0.may = [.author] }, { $0.may = [.author] })
        try expect({ $0.until = .some(nil) }, { $0.until = nil })
        try expect({ $0.until = now + 5 }, { $0.until = now + 5 })
        try expect({ $0.note = "" }, { $0.note = nil })
        let address = try #require(PeerAddress("c:3"))
        let card = bob.card(address: address, name: "robert")
        try expect({ _ in }, { $0.addresses = [address] }, of: card)
        try expect({ $0.name = "rob" }, { ($0.name, $0.addresses) = ("rob", [address]) }, of: card)
    }
}
