import Bytes
import DatabaseTesting
import Locks
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing
import ZeroMQ

@testable import RhizomePeering

/// Who is let in, and how the others are told (spec: peering.md, the ZAP handler).
@Suite struct ConnectionPolicyTests {
    private let owner: Identity
    private let time = ManualClock()

    init() throws {
        try SodiumLibrary.initialize()
        owner = try Identity.generate()
    }

    private func list(_ changes: TrustChange...) throws -> TrustList {
        var list = TrustList(owner: owner.publicKey)
        for change in changes { try list.apply(change, signedBy: owner, now: time.now) }
        return list
    }

    private func policy(_ list: TrustList, penalised: Set<PublicKey> = []) -> ConnectionPolicy {
        ConnectionPolicy(
            trust: TrustInForce(list),
            clock: time.clock,
            isPenalised: { penalised.contains($0) },
            onAdmitted: { _ in }
        )
    }

    private func peer(_ label: String) throws -> (key: PublicKey, transportKey: Bytes32) {
        let key = try TestAuthors.signer(label).publicKey
        return (key, try #require(key.transportKey))
    }

    @Test("who may connect is admitted with its did; unknown keys are put off, distrusted ones refused")
    func decisions() throws {
        let (alice, bob, carol, dave) = try (peer("alice"), peer("bob"), peer("carol"), peer("dave"))
        let until = time.now + 1_000_000
        let policy = policy(
            try list(
                .trust(alice.key, name: "alice"),
                .trust(bob.key, name: "bob"),
                .distrust(bob.key),
                .trust(carol.key, name: "carol", may: [.author]),
                .trust(dave.key, name: "dave", until: until)
            )
        )
        func decide(_ key: Bytes32) -> ZAPDecision {
            policy.decide(transportKey: key, address: "127.0.0.1", at: .requests)
        }
        #expect(decide(alice.transportKey) == .admit(userID: alice.key.did))
        #expect(decide(try peer("stranger").transportKey) == .tryLater)
        #expect(decide(Bytes32(repeating: 0)) == .tryLater)
        #expect(decide(bob.transportKey) == .refuse)
        #expect(decide(carol.transportKey) == .tryLater, "trusted, but not to connect")
        #expect(decide(dave.transportKey) == .admit(userID: dave.key.did))
        time.advance(2)
        #expect(decide(dave.transportKey) == .refuse, "its trust has run out")
        #expect(
            !policy.mayConnect(bob.key) && !policy.mayConnect(carol.key) && !policy.mayConnect(dave.key)
        )
        #expect(policy.mayConnect(alice.key))
    }

    @Test(
        "an invitation's key is let in to the requests alone, until the invitation is over, and never where none count"
    )
    func guests() throws {
        let (open, withdrawn, bob) = try (peer("open"), peer("withdrawn"), peer("bob"))
        let list = try list(
            .invite(open.key, name: "open", expires: time.now + .seconds(60)),
            .invite(withdrawn.key, name: "withdrawn"),
            .distrust(withdrawn.key)
        )
        let policy = policy(list)
        func decide(_ key: Bytes32, at door: ConnectionPolicy.Door = .requests) -> ZAPDecision {
            policy.decide(transportKey: key, address: "127.0.0.1", at: door)
        }
        let userID = "invite:\(open.key.did)"
        #expect(decide(open.transportKey) == .admit(userID: userID))
        #expect(decide(open.transportKey, at: .publications) == .tryLater)
        #expect(decide(withdrawn.transportKey) == .refuse)
        #expect(policy.mayJoin(by: open.key) && !policy.mayJoin(by: withdrawn.key) && !policy.mayJoin(by: bob.key))
        #expect(!policy.mayConnect(open.key))
        #expect(policy.expectsGuests)
        #expect(ConnectionPolicy.invitation(ofUser: userID) == open.key)
        #expect(ConnectionPolicy.invitation(ofUser: open.key.did) == nil)
        #expect(policy.refusedKeys.isEmpty, "nobody is asked to trust an invitation's key")
        let alone = ConnectionPolicy(
            trust: TrustInForce(list),
            clock: time.clock,
            takesGuests: false,
            isPenalised: { _ in false },
            onAdmitted: { _ in }
        )
        #expect(alone.decide(transportKey: open.transportKey, address: "", at: .requests) == .tryLater)
        #expect(!alone.mayJoin(by: open.key) && !alone.expectsGuests)
        time.advance(61)
        #expect(decide(open.transportKey) == .refuse)
        #expect(!policy.mayJoin(by: open.key))
    }

    @Test("a penalised peer is put off, not refused, and its requests aren't served")
    func penalised() throws {
        let alice = try peer("alice")
        let policy = policy(try list(.trust(alice.key, name: "alice")), penalised: [alice.key])
        #expect(policy.decide(transportKey: alice.transportKey, address: "::1", at: .requests) == .tryLater)
        #expect(!policy.mayConnect(alice.key))
    }

    @Test("refused keys are remembered with their address and count, the last thousand of them, until admitted")
    func refusedKeys() throws {
        let alice = try peer("alice")
        let trust = TrustInForce(try list())
        let policy = ConnectionPolicy(
            trust: trust,
            clock: time.clock,
            isPenalised: { _ in false },
            onAdmitted: { _ in }
        )
        for _ in 0..<3 { _ = policy.decide(transportKey: alice.transportKey, address: "192.0.2.1", at: .requests) }
        #expect(policy.refusedKeys.map(\.count) == [3])
        #expect(policy.refusedKeys.first?.address == "192.0.2.1")
        #expect(policy.wasRefused(alice.transportKey))
        for number in 0..<1_200 {
            time.advance(1)
            _ = policy.decide(
                transportKey: SHA256.hash([UInt8(number & 255), UInt8(number >> 8)]),
                address: "",
                at: .requests
            )
        }
        #expect(policy.refusedKeys.count == 1_000)
        #expect(!policy.wasRefused(alice.transportKey), "the one seen longest ago goes")
        _ = policy.decide(transportKey: alice.transportKey, address: "192.0.2.1", at: .requests)
        trust.update(try list(.trust(alice.key, name: "alice")))
        #expect(
            policy.decide(transportKey: alice.transportKey, address: "", at: .requests) == .admit(userID: alice.key.did)
        )
        #expect(!policy.wasRefused(alice.transportKey))
    }
}
