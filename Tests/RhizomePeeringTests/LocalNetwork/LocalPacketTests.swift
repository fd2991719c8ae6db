import Bytes
import DatabaseTesting
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing
import ZeroMQ

@testable import RhizomePeering

/// Packets that tell a local network's peers, and nobody else, who is there (spec: meeting.md, "Local network").
@Suite struct LocalPacketTests {
    private let minute: UInt32 = 30_000_000
    private let source: NumericAddress
    private let alice: Identity
    private let bob: Identity

    init() throws {
        try SodiumLibrary.initialize()
        source = try #require(NumericAddress("192.0.2.7"))
        alice = try Identity.generate()
        bob = try Identity.generate()
    }

    private func packet(
        by sender: Identity,
        for peers: Set<PublicKey>,
        port: UInt16 = 4_000
    ) throws -> LocalPacket {
        let keys = try LocalKeys(of: sender, with: peers)
        return try LocalPacket(port: port, minute: minute, source: source, keys: keys)
    }

    private func sender(
        of packet: LocalPacket,
        at receiver: Identity,
        among peers: Set<PublicKey>,
        from address: String = "192.0.2.7",
        minute: UInt32? = nil
    ) throws -> PublicKey? {
        let keys = try LocalKeys(of: receiver, with: peers)
        let source = try #require(NumericAddress(address))
        return packet.sender(from: source, among: keys, at: minute ?? self.minute).map { keys.peers[$0] }
    }

    @Test("the vectors' packets are a peer's, or nobody's")
    func vectors() throws {
        let vectors = try MeetingVectors.load().lan
        #expect(vectors.cases.count == 13)
        let seed = try #require(Hex.decode(vectors.receiverSeed))
        let receiver = try Identity(seed: try SecretBytes(joining: [.open(seed)]))
        let trusted = Set(vectors.trusted.compactMap { PublicKey(did: $0) })
        #expect(trusted.count == vectors.trusted.count)
        for vector in vectors.cases {
            let packet = LocalPacket(try #require(Hex.decode(vector.packet)))
            let found = try packet.flatMap {
                try sender(
                    of: $0,
                    at: receiver,
                    among: trusted,
                    from: vector.source,
                    minute: vector.minuteOfReceiver
                )
            }
            #expect(found?.did == vector.found, "\(vector.name)")
            if vector.found != nil {
                #expect(packet?.port == vector.port, "\(vector.name)")
                #expect(packet.map(\.encoded) == Hex.decode(vector.packet), "\(vector.name)")
            }
        }
    }

    @Test("a peer recognises who sent it, as long as it comes from there and then; nobody else does, nor the sender")
    func recognised() throws {
        let others = Set(try (0..<20).map { _ in try Identity.generate().publicKey })
        let packet = try packet(by: alice, for: others.union([bob.publicKey]), port: 7)
        #expect(packet.tags.count == 32)
        #expect(packet.tags == packet.tags.sorted { $0.lexicographicallyPrecedes($1) })
        let read = try #require(LocalPacket(packet.encoded))
        #expect(read == packet)
        let peers = others.union([alice.publicKey])
        #expect(try sender(of: read, at: bob, among: peers) == alice.publicKey)
        #expect(try sender(of: read, at: bob, among: others) == nil, "who doesn't know alice")
        #expect(try sender(of: read, at: alice, among: [bob.publicKey]) == nil, "one's own")
        #expect(try sender(of: read, at: try Identity.generate(), among: peers) == nil, "whom alice doesn't know")
        #expect(try sender(of: read, at: bob, among: peers, from: "192.0.2.8") == nil, "sent again from elsewhere")
        for apart in [-11, -10, 10, 11] {
            let found = try sender(of: read, at: bob, among: peers, minute: UInt32(Int(minute) + apart))
            #expect((found != nil) == (abs(apart) == 10))
        }
        #expect(try sender(of: read, at: bob, among: peers, minute: 0) == nil)
        #expect(try sender(of: read, at: bob, among: peers, minute: .max) == nil)
    }

    @Test("each bit but those of others' tags counts, and so does where it ends")
    func damaged() throws {
        let packet = try packet(by: alice, for: [bob.publicKey])
        let bytes = packet.encoded
        let peers: Set = [alice.publicKey]
        let own = try #require(
            try packet.tags.firstIndex { tag in
                let keys = try LocalKeys(of: bob, with: peers)
                var alone = bytes
                for index in 0..<packet.tags.count where packet.tags[index] != tag {
                    for offset in 0..<8 { alone[27 + 8 * index + offset] = 0 }
                }
                return LocalPacket(alone)?.sender(from: source, among: keys, at: minute) != nil
            }
        )
        let keys = try LocalKeys(of: bob, with: peers)
        for index in bytes.indices where index < 27 || (27 + 8 * own..<35 + 8 * own).contains(index) {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                #expect(LocalPacket(changed)?.sender(from: source, among: keys, at: minute) == nil, "byte \(index)")
            }
        }
        for count in bytes.indices { #expect(LocalPacket(Array(bytes.prefix(count))) == nil) }
        #expect(LocalPacket(bytes + [0]) == nil)
        #expect(LocalPacket([]) == nil)
    }

    @Test("two packets have nothing in common but the head, and neither a key nor anything made of keys alone")
    func unlinkable() throws {
        let first = try packet(by: alice, for: [bob.publicKey])
        let second = try packet(by: alice, for: [bob.publicKey])
        #expect(first.nonce != second.nonce)
        #expect(Set(first.tags).isDisjoint(with: second.tags))
        let text = Hex.encode(first.encoded)
        for key in [alice.publicKey, bob.publicKey] {
            #expect(!text.contains(Hex.encode(Array(key.bytes.array.prefix(8)))))
            let transportKey = try #require(key.transportKey)
            #expect(!text.contains(Hex.encode(Array(transportKey.array.prefix(8)))))
        }
    }

    @Test("the number of peers shows roughly: 16, 32, 64 or 128 tags, of more than that others each time")
    func counts() throws {
        var keys: [PublicKey] = []
        for number in 0..<200 { keys.append(try TestAuthors.signer("lan \(number)").publicKey) }
        for (peers, tags) in [(0, 16), (1, 16), (16, 16), (17, 32), (33, 64), (65, 128), (128, 128), (200, 128)] {
            #expect(try packet(by: alice, for: Set(keys.prefix(peers))).tags.count == tags)
        }
        // Keys that were worked out before are taken over, to the right places.
        let few = try LocalKeys(of: alice, with: Set(keys[50..<60]))
        let many = try LocalKeys(of: alice, with: Set(keys[40..<70]), from: few)
        let anew = try LocalKeys(of: alice, with: Set(keys[40..<70]))
        #expect(many.peers == anew.peers)
        for place in many.peers.indices {
            #expect(many.tag(of: [1], forPeerAt: place) == anew.tag(of: [1], forPeerAt: place))
            #expect(many.tag(of: [1], byPeerAt: place) == anew.tag(of: [1], byPeerAt: place))
        }
    }

    @Test("of each source a packet in 5 s is looked at, in all 20 a second; a flood stops the reading")
    func gate() throws {
        var gate = PacketGate()
        let start: Uptime = 1_000_000_000
        let looks = [.zero, .milliseconds(4_999), .seconds(5)].map { gate.admits(source, now: start + $0) }
        #expect(looks == [true, false, true])
        var second = start + .seconds(10)
        let sources = try (0..<100).map { try #require(NumericAddress("198.51.100.\($0)")) }
        func admitted() -> Int {
            var count = 0
            for source in sources where gate.admits(source, now: second) { count += 1 }
            return count
        }
        #expect(admitted() == 20)
        #expect(gate.pause(now: second) == nil)
        second = second + .seconds(1)
        #expect(admitted() == 20, "others than before")
        for _ in 0..<300 { _ = gate.admits(source, now: second) }
        #expect(gate.pause(now: second + .milliseconds(300)) == .milliseconds(700))
        let isAdmitted = gate.admits(source, now: second + .seconds(1))
        #expect(isAdmitted)
        #expect(gate.pause(now: second + .seconds(1)) == nil)
    }

    @Test("where a peer was heard of is known for ten minutes, and told of once")
    func heard() throws {
        let time = ManualClock()
        let peers = LocalPeers(clock: time.clock)
        let address = try #require(PeerAddress("192.0.2.7:4000"))
        let other = try #require(PeerAddress("192.0.2.8:4000"))
        #expect(peers.note(bob.publicKey, at: address))
        #expect(!peers.note(bob.publicKey, at: address))
        #expect(peers.note(bob.publicKey, at: other))
        #expect(peers.address(of: bob.publicKey) == other)
        #expect(peers.address(of: alice.publicKey) == nil)
        time.advance(599)
        #expect(peers.address(of: bob.publicKey) == other)
        time.advance(1)
        #expect(peers.address(of: bob.publicKey) == nil)
        #expect(peers.note(bob.publicKey, at: other), "it is back")
        peers.keep([alice.publicKey])
        #expect(peers.address(of: bob.publicKey) == nil)
    }
}
