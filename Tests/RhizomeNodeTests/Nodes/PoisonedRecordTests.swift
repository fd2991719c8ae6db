import Bytes
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Trusted peers that lie about where they and others are (spec: meeting.md, "Addresses").
@Suite(.timeLimit(.minutes(5))) struct PoisonedRecordTests {
    private func record(of signer: Identity, at time: Timestamp, _ addresses: String...) -> [UInt8] {
        AddressRecord(by: signer, time: time, addresses: addresses.compactMap { PeerAddress($0) }).signed.encoded
    }

    /// A message with one bit of its payload changed.
    private func changed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes[bytes.count - 80] ^= 1
        return bytes
    }

    @Test("of poisoned records in an answer none is taken; a true one among them is")
    func poisoned() async throws {
        let alice = try TestNode("alice")
        let bob = try Identity.generate()
        let carol = try Identity.generate()
        let stranger = try Identity.generate()
        try alice.trust(bob.publicKey, as: "bob", at: "127.0.0.1:9")
        try alice.trust(carol.publicKey, as: "carol", may: [.author])
        let now = alice.now
        let right = record(of: bob, at: now, "127.0.0.1:2")
        let joined = JoinStatement(
            by: bob,
            to: alice.identity.publicKey,
            invitation: stranger.publicKey,
            time: now,
            name: nil,
            addresses: [PeerAddress("127.0.0.1:1")].compactMap { $0 }
        )
        let poison = [
            changed(record(of: bob, at: now + .seconds(1), "127.0.0.1:1")),
            Array(record(of: bob, at: now + .seconds(1), "127.0.0.1:1").dropLast()),
            record(of: bob, at: now + .seconds(600), "127.0.0.1:1"),
            record(of: bob, at: now - .seconds(31 * 86_400), "127.0.0.1:1"),
            record(of: stranger, at: now, "127.0.0.1:1"),
            record(of: carol, at: now, "127.0.0.1:1"),
            record(of: alice.identity, at: now + .seconds(9), "127.0.0.1:1"),
            joined.signed.encoded, [], [0xff],
        ]
        let old = record(of: bob, at: now - .seconds(1), "127.0.0.1:1")
        let answer: RawPeer.Answer = { request in
            guard request is AddressesMethod else { return nil }
            return AddressesMethod.encode(reply: poison + [right, old, right] + poison)
        }
        try await RawPeer.running(answer: answer) { mallory, address in
            try alice.trust(mallory.key, as: "mallory", at: address)
            try await alice.running { node in
                func places(of key: PublicKey) -> [String] {
                    node.network.known.addresses(of: key).map { "\($0.address)" }
                }
                try await eventually("the true one is known") {
                    places(of: bob.publicKey) == ["127.0.0.1:9", "127.0.0.1:2"]
                }
                #expect(mallory.count(of: "addresses") == 1)
                for key in [stranger.publicKey, carol.publicKey, alice.identity.publicKey] {
                    #expect(node.network.known.book.record(of: key) == nil)
                }
                #expect(try await node.state(of: mallory.key) == .connected, "what can be read is no offence")
            }
        }
    }

    @Test("more records than may be counts against the peer, and none of them is taken")
    func tooMany() async throws {
        let alice = try TestNode("alice")
        let bob = try Identity.generate()
        try alice.trust(bob.publicKey, as: "bob", at: "127.0.0.1:9")
        let right = record(of: bob, at: alice.now, "127.0.0.1:2")
        let answer: RawPeer.Answer = { request in
            guard request is AddressesMethod else { return nil }
            return AddressesMethod.encode(reply: [[UInt8]](repeating: right, count: AddressesMethod.most + 1))
        }
        try await RawPeer.running(answer: answer) { mallory, address in
            try alice.trust(mallory.key, as: "mallory", at: address)
            try await alice.running { node in
                try await eventually("it counts") { await node.metric("rhizome_bad_input_total") > 0 }
                #expect(node.network.known.book.record(of: bob.publicKey) == nil)
            }
        }
    }

    @Test("who says to be where somebody else is has that one asked for a connection now and then, never more")
    func amplification() async throws {
        let alice = try TestNode("alice")
        let victim = try TestNode("victim")
        try await victim.running { there in
            try await TCPProxy.running(to: [there.network.requestAddress]) { target in
                try await RawPeer.running { mallory, address in
                    try alice.trust(mallory.key, as: "mallory", at: address)
                    try await alice.running { node in
                        try await eventually("mallory is connected") {
                            try await node.state(of: mallory.key) == .connected
                        }
                        let lie = AddressRecord(
                            by: mallory.identity,
                            time: alice.now,
                            addresses: [target.address].compactMap { PeerAddress($0) }
                        )
                        #expect(node.network.known.book.note(lie.signed.encoded))
                        await mallory.stopListening()
                        let start = ContinuousClock.now
                        try await eventually("the other machine is tried") { target.counts.accepted >= 3 }
                        let accepted = target.counts.accepted
                        let seconds = Double((ContinuousClock.now - start).components.seconds) + 1
                        print("lied to: \(accepted) connections in \(seconds) s")
                        // The waits between attempts grow from 0.1 s to 4 s, and no two attempts are made at once.
                        #expect(Double(accepted) <= 6 + seconds / 2)
                        #expect(try await node.state(of: mallory.key) != .connected, "its key isn't the one")
                    }
                }
            }
        }
    }
}
