import Bytes
import DatabaseTesting
import Foundation
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomePeering

/// Where peers say that they are, and what becomes of it (spec: meeting.md, "Addresses").
@Suite struct AddressBookTests {
    private let time = ManualClock()
    private let owner: Identity
    private let peer: Identity

    init() throws {
        try SodiumLibrary.initialize()
        owner = try Identity.generate()
        peer = try Identity.generate()
    }

    private func policy(trusting keys: [PublicKey], clock: NodeClock? = nil) throws -> ConnectionPolicy {
        var list = TrustList(owner: owner.publicKey)
        for (number, key) in keys.enumerated() {
            try list.apply(.trust(key, name: "p\(number)"), signedBy: owner, now: Timestamp(microseconds: 1))
        }
        return ConnectionPolicy(
            trust: TrustInForce(list),
            clock: clock ?? time.clock,
            isPenalised: { _ in false },
            onAdmitted: { _ in }
        )
    }

    private func record(of signer: Identity, at time: Timestamp, _ addresses: String...) -> AddressRecord {
        AddressRecord(by: signer, time: time, addresses: addresses.compactMap { PeerAddress($0) })
    }

    @Test("the vectors' records are taken in or not, while one of another moment is held")
    func vectors() async throws {
        let vectors = try MeetingVectors.load()
        let records = vectors.records
        #expect(records.cases.count == 11)
        let key = try #require(PublicKey(did: records.key))
        let seed = try #require(Hex.decode(vectors.joins.guestSeed))
        let signer = try Identity(seed: try SecretBytes(joining: [.open(seed)]))
        #expect(signer.publicKey == key, "the guest's of the joins")
        let clock = NodeClock(now: { Timestamp(microseconds: records.now) })
        try await withTemporaryFolder { folder in
            for vector in records.cases {
                let book = AddressBook(
                    home: try Home.open(folder.path),
                    policy: try policy(trusting: [key], clock: clock),
                    clock: clock
                )
                let held = record(of: signer, at: Timestamp(microseconds: records.held), "held.example:1")
                #expect(book.note(held.signed.encoded))
                let bytes = try #require(Hex.decode(vector.record))
                #expect(book.note(bytes) == vector.ok, "\(vector.why ?? "good")")
                if vector.ok { #expect(book.addresses(of: key).map(\.description) == vector.addresses) }
            }
        }
    }

    @Test("records are kept in a file, for as long as they hold and their key may connect")
    func kept() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(folder.path)
            let other = try Identity.generate()
            let policy = try policy(trusting: [peer.publicKey, other.publicKey])
            func book(_ policy: ConnectionPolicy) -> AddressBook {
                AddressBook(home: home, policy: policy, clock: time.clock)
            }
            let first = book(policy)
            first.load()
            try first.save()
            #expect(!FileManager.default.fileExists(atPath: folder.path("data/addresses")), "nothing to be kept")
            let start = time.now
            #expect(first.note(record(of: peer, at: start, "a.example:1").signed.encoded))
            #expect(first.note(record(of: other, at: start, "b.example:1").signed.encoded))
            try first.save()
            let file = try FileManager.default.attributesOfItem(atPath: folder.path("data/addresses"))
            #expect(file[.posixPermissions] as? Int == 0o600)

            let second = book(try self.policy(trusting: [peer.publicKey]))
            second.load()
            #expect(second.addresses(of: peer.publicKey).map(\.description) == ["a.example:1"])
            #expect(second.record(of: other.publicKey) == nil)
            time.advance(AddressRecord.longest - .seconds(1))
            #expect(second.record(of: peer.publicKey) != nil)
            time.advance(.seconds(2))
            #expect(second.record(of: peer.publicKey) == nil)
            second.keep(try self.policy(trusting: [peer.publicKey]).trust)
            #expect(second.time(of: peer.publicKey) < start)

            try Data([0x82, 0x41, 7]).write(to: URL(filePath: folder.path("data/addresses")))
            let third = book(policy)
            third.load()
            #expect(third.record(of: peer.publicKey) == nil, "a damaged file costs what it held, and no more")
        }
    }

    @Test("a record leads to no loopback, unspecified or multicast address, and comes after what people said")
    func usable() async throws {
        try await withTemporaryFolder { folder in
            let policy = try policy(trusting: [peer.publicKey])
            let book = AddressBook(home: try Home.open(folder.path), policy: policy, clock: time.clock)
            let told = [
                "192.0.2.1:1", "127.0.0.1:1", "0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1", "[ff02::1]:1", "[::]:1",
                "seed.example:1",
            ]
            let record = AddressRecord(by: peer, time: time.now, addresses: told.compactMap { PeerAddress($0) })
            #expect(book.note(record.signed.encoded))
            func known(at address: String) -> KnownAddresses {
                KnownAddresses(
                    policy: policy,
                    configuration: NodeConfiguration(
                        identity: owner.publicKey,
                        request: .init(name: "r", address: address, port: 0, host: nil),
                        seeds: [peer.publicKey: [PeerAddress("seed.example:1")].compactMap { $0 }]
                    ),
                    book: book,
                    local: local
                )
            }
            let local = LocalPeers(clock: time.clock)
            let known = known(at: "*")
            #expect(known.addresses(of: peer.publicKey).map { "\($0.address)" } == ["seed.example:1", "192.0.2.1:1"])
            #expect(known.addresses(of: peer.publicKey).map(\.source) == [.setting, .record])
            #expect(local.note(peer.publicKey, at: PeerAddress(host: "fe80::1%eth0", port: 4)))
            #expect(known.addresses(of: peer.publicKey).last?.source == .localNetwork)
            #expect(known.addresses(of: peer.publicKey).last?.address.description == "[fe80::1%eth0]:4")
            let atHome = self.knownHosts(known, "192.0.2.1:1", "127.0.0.1", "192.0.2.1", "0.0.0.0")
            #expect(atHome == ["192.0.2.1"], "nor where a name leads there")
            let said = self.knownHosts(known, "seed.example:1", "127.0.0.1")
            #expect(said == ["127.0.0.1"], "what a person said is gone to")
            let alone = self.addresses(known, onLoopback: "127.0.0.1", policy, book)
            #expect(alone.contains("127.0.0.1:1"))
        }
    }

    @Test("nor does an introduction lead there; what a person says of where a peer is counts as it is")
    func introduced() async throws {
        try await withTemporaryFolder { folder in
            let addresses = ["127.0.0.1:1", "192.0.2.1:1", "224.0.0.1:1"].compactMap { PeerAddress($0) }
            var change = TrustChange.trust(peer.publicKey, name: "p", addresses: addresses)
            func known(_ change: TrustChange) throws -> KnownAddresses {
                var list = TrustList(owner: owner.publicKey)
                try list.apply(change, signedBy: owner, now: time.now)
                let policy = ConnectionPolicy(
                    trust: TrustInForce(list),
                    clock: time.clock,
                    isPenalised: { _ in false },
                    onAdmitted: { _ in }
                )
                return KnownAddresses(
                    policy: policy,
                    configuration: NodeConfiguration(
                        identity: owner.publicKey,
                        request: .init(name: "r", address: "*", port: 0, host: nil)
                    ),
                    book: AddressBook(home: try Home.open(folder.path), policy: policy, clock: time.clock),
                    local: LocalPeers(clock: time.clock)
                )
            }
            #expect(try known(change).addresses(of: peer.publicKey).map(\.address) == addresses)
            change.introducedBy = owner.publicKey
            let told = try known(change).addresses(of: peer.publicKey)
            #expect(told.map(\.address) == [addresses[1]])
            #expect(told.map(\.source) == [.introduction])
            #expect(knownHosts(try known(change), "192.0.2.1:1", "127.0.0.1", "192.0.2.1") == ["192.0.2.1"])
        }
    }

    private func knownHosts(_ known: KnownAddresses, _ address: String, _ hosts: String...) -> [String] {
        PeerAddress(address).map { known.usable(hosts, for: $0, of: peer.publicKey) } ?? []
    }

    private func addresses(
        _ known: KnownAddresses,
        onLoopback host: String,
        _ policy: ConnectionPolicy,
        _ book: AddressBook
    ) -> [String] {
        KnownAddresses(
            policy: policy,
            configuration: NodeConfiguration(identity: owner.publicKey),
            book: book,
            local: known.local
        )
        .addresses(of: peer.publicKey).map { "\($0.address)" }
    }

    @Test("a flipped bit, a cut and whatever isn't wanted are refused")
    func damaged() throws {
        let bytes = record(of: peer, at: time.now, "a.example:1").signed.encoded
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(AddressRecord(verifying: changed) == nil, "bit \(bit)")
        }
        for end in 0..<bytes.count { #expect(AddressRecord(verifying: Array(bytes.prefix(end))) == nil) }
        #expect(AddressRecord(verifying: bytes, ifWanted: { _, _ in false }) == nil)
    }

    @Test("as `auto` has it what two peers see is told, or the only one, and a lie moves nothing that others confirm")
    func seen() throws {
        let own = OwnAddresses(
            signer: owner,
            clock: time.clock,
            configuration: NodeConfiguration(
                identity: owner.publicKey,
                request: .init(name: "r", address: "*", port: 0, host: nil, isHostSeen: true)
            ),
            port: 4000
        )
        let peers = try (0..<4).map { _ in try Identity.generate().publicKey }
        #expect(own.request == nil)
        #expect(own.record.addresses == [])
        for nonsense in ["127.0.0.1", "0.0.0.0", "224.1.1.1", "host", "", "::", "::1"] {
            own.note(seen: Text(nonsense), by: peers[0])
        }
        #expect(own.request == nil)
        own.note(seen: "192.0.2.1", by: peers[0])
        #expect(own.request?.description == "192.0.2.1:4000")
        let first = own.record
        #expect(first.addresses.map(\.description) == ["192.0.2.1:4000"])
        own.note(seen: "198.51.100.7", by: peers[1])
        #expect(own.request?.description == "192.0.2.1:4000", "one against one")
        #expect(own.record == first)
        own.note(seen: "2001:db8::1", by: peers[2])
        own.note(seen: "2001:db8::1", by: peers[0])
        #expect(own.request?.description == "[2001:db8::1]:4000")
        #expect(own.record.time > first.time)
        own.keep { $0 == peers[1] }
        own.note(seen: "198.51.100.7", by: peers[1])
        #expect(own.request?.description == "198.51.100.7:4000")
        time.advance(86_401)
        let day = own.record
        time.advance(86_400)
        #expect(own.record.time > day.time, "it is made anew once a day")
    }
}
