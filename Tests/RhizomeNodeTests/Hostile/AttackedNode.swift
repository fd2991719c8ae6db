import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// A node in a process of its own that trusted peers attack, beside an honest one that writes and another that reads.
///
/// Attackers and honest peers are in the test's process, and reach the node over real sockets.
struct AttackedNode: Sendable {
    /// What the node's process may hold at most (the promise), in a debug build too.
    private static let mostMemory = 300 << 20

    /// The node's process.
    let node: RunningNode
    /// Its key.
    let identity: PublicKey
    /// The peer that writes, and to which it is connected.
    let honest: Node
    private let reader: RawPeer

    /// Runs a node that trusts the attackers and knows where they are; all of them have greeted it.
    ///
    /// - Parameters:
    ///   - attackers: what each of them answers when the node asks.
    ///   - authors: labels of others who may write (``TestAuthors``).
    static func running(
        attackers: [RawPeer.Answer] = [{ _ in nil }],
        authors: [String] = [],
        _ body: @escaping @Sendable (AttackedNode, [RawPeer]) async throws -> Void
    ) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let identity = try #require(PublicKey(did: try await home.did))
                for label in authors {
                    let key = try TestAuthors.signer(label).publicKey
                    try await home.trust(key.did, ["--name", label, "--may", "author"])
                }
                try await run(attackers[...], []) { peers in
                    for (number, peer) in peers.enumerated() {
                        try await home.trust(peer.peer.key.did, at: peer.address, ["--name", "raw\(number)"])
                    }
                    try await run(home, identity, peers.map(\.peer), body)
                }
            }
        }
    }

    private static func run(
        _ answers: ArraySlice<RawPeer.Answer>,
        _ started: [(peer: RawPeer, address: String)],
        _ body: @Sendable ([(peer: RawPeer, address: String)]) async throws -> Void
    ) async throws {
        guard let answer = answers.first else { return try await body(started) }
        try await RawPeer.running(answer: answer) { peer, address in
            try await run(answers.dropFirst(), started + [(peer, address)], body)
        }
    }

    private static func run(
        _ home: NodeHome,
        _ identity: PublicKey,
        _ attackers: [RawPeer],
        _ body: @escaping @Sendable (AttackedNode, [RawPeer]) async throws -> Void
    ) async throws {
        let bob = try TestNode("bob")
        try bob.trust(identity, as: "alice")
        for (number, attacker) in attackers.enumerated() { try bob.trust(attacker.key, as: "raw\(number)") }
        try await RawPeer.running { reader, _ in
            try await home.trust(reader.key.did, ["--name", "reader"])
            try await bob.running { honest in
                try await home.trust(
                    honest.database.identity.did,
                    at: honest.network.requestAddress,
                    ["--name", "bob"]
                )
                try await home.running(["RHIZOME_PUB_SUB_TOPIC": "test"]) { node in
                    let attacked = AttackedNode(node: node, identity: identity, honest: honest, reader: reader)
                    for peer in attackers + [reader] {
                        try await peer.connect(to: node.request, of: identity)
                        try await peer.greet()
                    }
                    try await eventually("the honest peer is connected") {
                        try await node.peer("bob")?.state == "connected"
                    }
                    try await body(attacked, attackers)
                }
            }
        }
    }

    /// Asks the node as the honest reader.
    ///
    /// Where the node turns an attacker away it may cut the reader's connection too; then it is greeted and asked again.
    ///
    /// - Returns: the reply's frame.
    func ask(_ request: any PeerMethod) async throws -> [UInt8] {
        var answer: [UInt8] = []
        try await eventually("the node answers") {
            let asked = try await reader.request(request.encoded)
            let end = ContinuousClock.now + .milliseconds(500)
            while reader.reply(to: asked) == nil {
                guard ContinuousClock.now < end else { return false }
                try await Task.sleep(for: .milliseconds(2))
            }
            answer = reader.reply(to: asked) ?? []
            switch RawPeer.code(of: answer) {
            case .hello: _ = try await reader.request(await reader.hello().encoded)
            // It was asked again before it could answer.
            case .busy: break
            default: return true
            }
            return false
        }
        return answer
    }

    /// Whether the node gives a delta out to a peer that asks for it.
    func holds(_ id: DeltaID, of author: PublicKey) async throws -> Bool {
        let pull = PullRequest(author: author, want: [id], have: [], after: nil, maximumBytes: 1)
        return try await !PullMethod.decode(reply: ask(PullMethod(pull))).deltas.isEmpty
    }

    /// Waits for all decisions that were still to come.
    func decided(_ decision: String, reason: String = "", atLeast count: Int) async throws {
        let name = "rhizome_deltas_decided_total{decision=\"\(decision)\",reason=\"\(reason)\"}"
        try await eventually("\(count) deltas: \(decision) \(reason)", within: .seconds(120)) {
            try await node.metric(name) >= Double(count)
        }
    }

    /// Attacks while the honest peer writes; its writes must arrive, and the node's memory stay within bounds.
    func expectService(_ what: String, while attack: @escaping @Sendable () async throws -> Void) async throws {
        try await HonestWrites.expect(
            what,
            from: honest,
            hasArrived: { try await holds($0, of: honest.database.identity) },
            while: attack
        )
        let memory = try peakMemory()
        print("\(what): the node's process held \(memory >> 20) MiB at most")
        // Most of it would be the thread sanitizer's own.
        #if !RHIZOME_TSAN
            #expect(memory < Self.mostMemory, "\(what)")
        #endif
    }

    private func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(node.command.processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return try #require(number.flatMap { Int($0) }) << 10
    }
}
