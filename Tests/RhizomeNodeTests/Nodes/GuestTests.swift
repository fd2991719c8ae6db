import Bytes
import DatabaseTesting
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Guests with an invitation, at a node with real sockets (spec: meeting.md, "Invitations").
@Suite(.timeLimit(.minutes(5))) struct GuestTests {
    /// Makes an invitation, and waits until the node knows it.
    private func invite(
        _ name: String = "guest",
        by host: TestNode,
        at node: Node,
        expires: Timestamp? = nil,
        confirm: Bool = false
    ) async throws -> InvitationLine {
        let code = try InvitationCode.random()
        let key = try code.key().publicKey
        try host.state(.invite(key, name: name, expires: expires, needsConfirmation: confirm))
        try await eventually("the node knows the invitation") { node.database.trust.invitations[key] != nil }
        let address = try #require(PeerAddress(node.network.requestAddress))
        return InvitationLine(host: host.identity.publicKey, address: address, code: code)
    }

    /// Joins, and states what the guest's command would.
    private func join(_ line: InvitationLine, as guest: TestNode) async throws {
        let reply = try await JoinClient.join(line, as: guest.identity, name: guest.name, addresses: [])
        try guest.journal.append(signedBy: guest.identity, now: guest.now) { list in
            [try list.change(for: reply, by: line, name: nil, at: guest.now)].compactMap(\.self)
        }
    }

    private func code(_ body: () async throws -> Void) async -> PeerError.Code? {
        do {
            try await body()
            return nil
        } catch { return (error as? PeerError)?.code }
    }

    /// Waits until a guest that lost its connection is answered on a new one.
    private func heardAgain(_ guest: RawPeer) async throws {
        // Those that are under way when the connection ends are lost with it.
        var requests: [[UInt8]] = []
        try await eventually("a request is answered, on a new connection") {
            requests.append(try await guest.request(PeersMethod().encoded))
            return requests.contains { guest.reply(to: $0) != nil }
        }
    }

    @Test("one line makes two nodes peers in no time, one statement on each side")
    func joined() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await TestNode.running([alice, bob]) { nodes in
            let line = try await invite("robert", by: alice, at: nodes[0])
            let start = ContinuousClock.now
            try await join(line, as: bob)
            try await eventually("both are connected", within: .seconds(30)) {
                let states = (
                    try await nodes[0].state(of: bob.identity.publicKey),
                    try await nodes[1].state(of: alice.identity.publicKey)
                )
                return states == (.connected, .connected)
            }
            print("joined and connected after \(ContinuousClock.now - start), promised within 3 s")
            _ = try await nodes[0].database.write([.name("a")])
            _ = try await nodes[1].database.write([.name("b", of: "b")])
            try await eventually("each has the other's") { try await holds(2, alice.log, bob.log) }
            let hosts = try alice.journal.load().list
            #expect(hosts.statements.map(\.change.action) == [.invite, .trust])
            #expect(hosts.entries[bob.identity.publicKey]?.name == "robert")
            let guests = try bob.journal.load().list
            #expect(guests.statements.map(\.change.action) == [.trust])
            #expect(guests.entries[alice.identity.publicKey]?.name == "alice")
            #expect(guests.entries[alice.identity.publicKey]?.addresses == [line.address])
        }
    }

    @Test("who has an invitation may join and nothing else: no hello, no data, no publications, four requests")
    func nothingElse() async throws {
        let alice = try TestNode("alice")
        try await alice.running { node in
            _ = try await node.database.write([.name("a")])
            let line = try await invite(by: alice, at: node)
            try await RawPeer.running(as: try line.code.key()) { stranger, _ in
                try await stranger.connect(to: node)
                try await stranger.subscribe(to: node)
                let bodies = [
                    await stranger.hello().encoded, HeadsMethod(after: nil, limit: 10).encoded,
                    PeersMethod().encoded, JoinMethod(statement: [1, 2, 3]).encoded,
                ]
                var codes: [PeerError.Code?] = []
                for body in bodies { codes.append(try await stranger.code(body)) }
                #expect(codes == [.refused, .refused, .refused, .malformed])
                // The fifth costs the connection: what comes next comes on a new one.
                let fifth = try await stranger.request(PeersMethod().encoded)
                try await heardAgain(stranger)
                #expect(stranger.reply(to: fifth) == nil)
                _ = try await node.database.write([.name("b")])
                #expect(stranger.publications.isEmpty)
                #expect(node.network.refusedKeys().isEmpty)
            }
        }
    }

    @Test("more than 64 KiB, or a frame too many, costs a guest its connection, and the node nothing else")
    func flood() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await TestNode.running([alice, bob]) { nodes in
            try alice.trust(bob)
            try bob.trust(alice, at: nodes[0].network.requestAddress)
            let line = try await invite(by: alice, at: nodes[0])
            try await RawPeer.running(as: try line.code.key()) { stranger, _ in
                try await stranger.connect(to: nodes[0])
                let large = JoinMethod(statement: [UInt8](repeating: 7, count: 1 << 20)).encoded
                let lost = try await stranger.request(large)
                try await stranger.send([[UInt8](repeating: 1, count: 8), [2], [3], [4], [5]])
                try await heardAgain(stranger)
                #expect(stranger.reply(to: lost) == nil)
            }
            _ = try await nodes[0].database.write([.name("a")])
            try await eventually("the peer has it") { try await bob.log.count() == 1 }
            #expect(try await nodes[0].state(of: bob.identity.publicKey) == .connected)
        }
    }

    @Test("of guests who race one is taken in; the others are refused, and on record")
    func race() async throws {
        let alice = try TestNode("alice")
        try await alice.running { node in
            let line = try await invite(by: alice, at: node)
            let guests = try (0..<6).map { _ in try Identity.generate() }
            let results = await withTaskGroup(of: PeerError.Code?.self) { group in
                for guest in guests {
                    group.addTask {
                        await code { _ = try await JoinClient.join(line, as: guest, name: nil, addresses: []) }
                    }
                }
                return await group.reduce(into: [PeerError.Code?]()) { $0.append($1) }
            }
            #expect(results.count { $0 == nil } == 1)
            #expect(results.count { $0 == .refused } == 5)
            let list = try alice.journal.load().list
            #expect(list.statements.map(\.change.action) == [.invite, .trust])
            let key = try line.code.key().publicKey
            let first = try #require(list.invitations[key]?.guest)
            let refused = try RefusedGuests(home: alice.home).load()
            #expect(refused.count == 4, "of one invitation four are remembered")
            let others = guests.map(\.publicKey).filter { $0 != first }
            #expect(Set(refused.map(\.identity)).isSubset(of: others))
        }
    }

    @Test("a guest whose reply was lost asks again and hears the same, before and after the host's restart")
    func replyLost() async throws {
        let alice = try TestNode("alice", at: LoopbackHost.next())
        let bob = try TestNode("bob")
        let (line, first) = try await alice.running { node in
            let line = try await invite(by: alice, at: node)
            let key = try line.code.key()
            let statement = JoinStatement(
                by: bob.identity,
                to: alice.identity.publicKey,
                invitation: key.publicKey,
                time: alice.now,
                name: nil,
                addresses: []
            )
            try await RawPeer.running(as: key) { guest, _ in
                try await guest.connect(to: node)
                _ = try await guest.request(JoinMethod(statement: statement.signed.encoded).encoded)
                try await eventually("the host has taken it in") {
                    try alice.journal.load().list.entries[bob.identity.publicKey] != nil
                }
                await guest.hangUp()
            }
            return (line, try await JoinClient.join(line, as: bob.identity, name: nil, addresses: []))
        }
        try await alice.running { _ in
            let again = try await JoinClient.join(line, as: bob.identity, name: "other", addresses: [])
            #expect(again == first)
        }
        #expect(try alice.journal.load().list.count == 2)
    }

    @Test("an invitation that was withdrawn is refused at once, and who came by it is cut off")
    func withdrawn() async throws {
        let alice = try TestNode("alice")
        try await alice.running { node in
            let line = try await invite(by: alice, at: node)
            let key = try line.code.key()
            try await RawPeer.running(as: key) { guest, _ in
                try await guest.connect(to: node)
                #expect(try await guest.code(PeersMethod().encoded) == .refused)
                try alice.state(.distrust(key.publicKey))
                try await eventually("the connection is gone") {
                    let accepted = await node.metric("rhizome_connections_accepted_total")
                    // It comes back, and isn't let in.
                    let refused = await node.metric("rhizome_connections_refused_total")
                    return accepted > 1 && refused > 0
                }
                let start = ContinuousClock.now
                let refusal = await code {
                    _ = try await JoinClient.join(line, as: Identity.generate(), name: nil, addresses: [])
                }
                #expect(refusal == .refused)
                #expect(ContinuousClock.now - start < .seconds(10))
            }
            #expect(try alice.journal.load().list.entries.isEmpty)
        }
    }

    @Test("nobody is waited for longer than was said, and a host that isn't the line's is not talked to")
    func elsewhere() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await alice.running { node in
            let line = try await invite(by: alice, at: node)
            let other = InvitationLine(host: bob.identity.publicKey, address: line.address, code: line.code)
            let refusal = await code {
                _ = try await JoinClient.join(other, as: bob.identity, name: nil, addresses: [], within: .seconds(2))
            }
            #expect(refusal == .timeout || refusal == .disconnected)
            let unknown = InvitationLine(host: line.host, address: line.address, code: try InvitationCode.random())
            let unanswered = await code {
                _ = try await JoinClient.join(unknown, as: bob.identity, name: nil, addresses: [], within: .seconds(5))
            }
            #expect(unanswered == .disconnected)
            #expect(try alice.journal.load().list.entries.isEmpty)
        }
    }

    @Test("a guest that is to be confirmed is in the list and may nothing, until it is")
    func confirmed() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await TestNode.running([alice, bob]) { nodes in
            let line = try await invite(by: alice, at: nodes[0], confirm: true)
            try await join(line, as: bob)
            let guest = bob.identity.publicKey
            try await eventually("bob is in the list") { nodes[0].database.trust.entries[guest] != nil }
            try await eventually("bob waits") {
                try await nodes[1].state(of: alice.identity.publicKey) == .waitingForTrust
            }
            #expect(nodes[0].database.trust.entries[guest]?.may == [])
            try alice.journal.append(signedBy: alice.identity, now: alice.now) { try [$0.confirmation(of: guest)] }
            try await eventually("bob is let in") {
                try await nodes[1].state(of: alice.identity.publicKey) == .connected
            }
        }
    }
}
