import Bytes
import DatabaseTesting
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Deltas that come through others (spec: peering.md, "Publications").
@Suite(.timeLimit(.minutes(5))) struct RelayTests {
    @Test(
        "in a chain of four, where only neighbours may connect, the last has the first's deltas at once and unchanged"
    )
    func chain() async throws {
        let nodes = try ["alice", "bob", "carol", "dave"].map { try TestNode($0) }
        try await TestNode.running(nodes) { running in
            for (place, node) in nodes.enumerated() {
                for neighbour in [place - 1, place + 1] where nodes.indices.contains(neighbour) {
                    let may: Set<Permission> = neighbour == 0 ? [.author, .connect] : [.connect]
                    try node.trust(nodes[neighbour], at: running[neighbour].network.requestAddress, may: may)
                }
                if place > 1 { try node.trust(nodes[0], may: [.author]) }
            }
            _ = try await running[0].database.write([.name("before")])
            try await eventually("the chain is up") { try await nodes[3].log.count() == 1 }

            var times: [Duration] = []
            for round in 0..<10 {
                let start = ContinuousClock.now
                let written = try await running[0].database.write([.name("round \(round)")])
                try await eventually("dave holds it", within: .seconds(10)) {
                    try await nodes[3].log.contains(written.map(\.id)).count == 1
                }
                times.append(ContinuousClock.now - start)
            }
            times.sort()
            print("relay over three hops: median \(times[times.count / 2]), slowest \(times[times.count - 1])")

            let wrote = try await nodes[0].log.deltas(after: 0, limit: 100).map(\.delta.bytes)
            for place in 1...3 {
                let held = try await nodes[place].log.deltas(after: 0, limit: 100)
                #expect(held.map(\.delta.bytes) == wrote, "\(nodes[place].name) holds other bytes")
                // From the neighbour alone, and through admission there: whose signature check no delta passes by.
                let from = nodes[place - 1].identity.publicKey
                #expect(held.allSatisfy { $0.arrival.receivedFrom == from })
                // A delta is counted once it is held, a moment later.
                try await eventually("\(nodes[place].name) counted them") {
                    running[place].database.ledger.counts(of: from).accepted == Int64(wrote.count)
                }
            }
        }
    }

    @Test("what a relay changed on the way is refused at the next hop, and counts against the relay alone")
    func changed() async throws {
        let carol = try TestNode("carol")
        let alice = try TestAuthors.signer("alice").publicKey
        try carol.trust(alice, as: "alice", may: [.author])
        let right = try Deltas.make("alice")
        let head = AuthorHead(author: alice, id: right.id)
        let answer: RawPeer.Answer = { request in
            switch request {
            case let asked as HeadsMethod where asked.after == nil:
                HeadsMethod.encode(reply: .init(heads: [head], more: false))
            case is PullMethod:
                PullMethod.encode(reply: .init(deltas: [right.withBody((try? Deltas.otherBody) ?? [])], more: false))
            default: nil
            }
        }
        try await RawPeer.running(answer: answer) { bob, address in
            try await carol.running { node in
                try carol.trust(bob.key, as: "bob", at: address, may: [.connect])
                try await eventually("it was refused") {
                    let rejections = node.database.ledger.counts(of: bob.key).rejections
                    return [.bodyMismatch, .malformed].contains { rejections[$0] ?? 0 > 0 }
                }
                #expect(try await carol.log.count() == 0)
                #expect(try await carol.log.stalls().isEmpty)
                bob.answer { request in
                    if request is PullMethod {
                        PullMethod.encode(reply: .init(deltas: [right.bytes], more: false))
                    } else {
                        nil
                    }
                }
                try await eventually("the same delta unchanged is taken", within: .seconds(100)) {
                    await bob.publish(.deltas([right.bytes]))
                    return try await carol.log.count() == 1
                }
            }
        }
    }

    /// How many bodies crossed each link of a mesh, in either direction.
    private struct Crossings: Equatable {
        private var counts: [Set<PublicKey>: Int64] = [:]

        init(_ nodes: [Node]) {
            for node in nodes {
                for other in nodes where other.database.identity != node.database.identity {
                    // What overtook another waits, which is counted too, and again when it is taken up.
                    let received = node.database.ledger.counts(of: other.database.identity)
                    counts[[node.database.identity, other.database.identity], default: 0] +=
                        received.accepted + received.duplicate + received.rejected
                }
            }
        }

        /// Those of now, once nothing has crossed for half a second: longer than heads are gathered, and what a peer
        /// publishes is waited for.
        static func settled(_ nodes: [Node]) async throws -> Crossings {
            var last = Crossings(nodes)
            while true {
                try await Task.sleep(for: .milliseconds(500))
                let next = Crossings(nodes)
                if next == last { return next }
                last = next
            }
        }

        /// By link, how many crossed it since then.
        func since(_ before: Crossings) -> [Set<PublicKey>: Int64] {
            Dictionary(uniqueKeysWithValues: counts.map { ($0, $1 - (before.counts[$0] ?? 0)) })
        }
    }

    @Test("in a full mesh of ten each body crosses each link at most once")
    func mesh() async throws {
        let nodes = try (0..<10).map { try TestNode("node\($0)") }
        try await TestNode.running(nodes) { running in
            for (place, node) in nodes.enumerated() {
                for (other, peer) in nodes.enumerated() where other != place {
                    try node.trust(peer, at: running[other].network.requestAddress)
                }
            }
            func allHold(_ count: Int64) async throws {
                try await eventually("all hold \(count)") {
                    for node in nodes where try await node.log.count() != count { return false }
                    return true
                }
            }
            // Subscriptions come a moment after the connection: what is written before is fetched.
            for (round, node) in running.enumerated() {
                _ = try await node.database.write([.name("greeting \(round)")])
            }
            try await allHold(10)
            var before = try await Crossings.settled(running)

            // One author after the other writes this many in a row, each published by itself.
            let burst: Int64 = 5
            var all: Int64 = 0
            var most: Int64 = 0
            for (round, node) in running.enumerated() {
                for number in 0..<burst { _ = try await node.database.write([.name("\(round) \(number)")]) }
                try await allHold(10 + burst * Int64(round + 1))
                let after = try await Crossings.settled(running)
                let crossed = after.since(before)
                before = after
                all += crossed.values.reduce(0, +)
                most = max(most, crossed.values.max() ?? 0)
                // To each neighbour each of them went once; and over no other link more than once.
                let wrong = crossed.filter {
                    $0.key.contains(node.database.identity) ? $0.value != burst : $0.value > burst
                }
                #expect(wrong.values.sorted() == [], "round \(round)")
            }
            print(
                "mesh of ten: \(10 * burst) bodies crossed links \(all) times where \(90 * burst) are needed; "
                    + "at most \(most) of \(burst) crossed one link"
            )
        }
    }
}
