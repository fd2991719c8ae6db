import Bytes
import DatabaseTesting
import Locks
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Pushes to peers that can't come to ask (spec: peering.md, "Catching up"), by clocks that stand still.
@Suite(.timeLimit(.minutes(5))) struct PushingTests {
    private struct Pair: Sendable {
        let alice: TestNode
        let node: Node
        let peer: RawPeer
        let time: ManualClock

        /// What was pushed so far, by request.
        var pushes: [[DeltaID]] {
            peer.requests.compactMap { request in
                guard let wires = (request as? PushMethod)?.deltas else { return nil }
                return wires.compactMap { try? SignedDelta(decoding: $0).id }
            }
        }

        func wake() async { await peer.wake() }

        func asks(_ request: any PeerMethod) async throws { _ = try await peer.ask(request.encoded) }

        /// Moves the clock to when news is due, and waits for the round in which it is asked for.
        func round() async throws {
            let asked = peer.count(of: "news")
            time.advance(13)
            try await eventually("another round") {
                await wake()
                return peer.count(of: "news") > asked
            }
        }

        /// Waits for something that is to happen within so many seconds of the clock, which goes no further.
        func happens(_ what: String, within seconds: Int64, _ condition: () -> Bool) async throws {
            let end = time.clock.uptime + seconds * 1_000_000
            try await eventually(what) {
                if time.clock.uptime < end { time.advance(1) }
                await wake()
                return condition()
            }
        }

        func isPushed(_ id: DeltaID, within seconds: Int64) async throws {
            try await happens("it is pushed", within: seconds) { pushes.contains { $0.contains(id) } }
        }
    }

    private func withPair(
        answer: @escaping RawPeer.Answer = { _ in nil },
        _ body: @escaping @Sendable (Pair) async throws -> Void
    ) async throws {
        let alice = try TestNode("alice")
        let time = ManualClock(NodeClock.system.now)
        try await RawPeer.running(answer: answer) { peer, address in
            try await alice.running(clock: time.awakeClock) { node in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("greeted") { peer.count(of: "news") > 0 }
                try await body(Pair(alice: alice, node: node, peer: peer, time: time))
            }
        }
    }

    private func write(_ pair: Pair, _ text: String) async throws -> DeltaID {
        try #require(try await pair.node.database.write([.name(text)]).first?.id)
    }

    @Test("what is written while the peer asks us itself is pushed 30 s after its last request, and not before")
    func silent() async throws {
        try await withPair { pair in
            try await pair.peer.connect(to: pair.node)
            try await pair.peer.greet()
            try await pair.asks(NewsMethod(cursor: nil, limit: 1))
            let first = try await write(pair, "a")
            try await pair.round()
            let second = try await write(pair, "b")
            try await pair.round()
            #expect(pair.pushes.isEmpty, "it asked 26 s ago")
            try await pair.isPushed(second, within: 4)
            #expect(pair.pushes == [[first, second]])
        }
    }

    @Test("a peer whose own connection is lost is pushed what it lacks a second later, unless it comes back")
    func lost() async throws {
        try await withPair { pair in
            try await pair.peer.connect(to: pair.node)
            try await pair.peer.greet()
            try await pair.round()
            let first = try await write(pair, "a")
            pair.time.advance(1)
            await pair.wake()
            // It comes on another connection, and is lost for good on that one.
            try await pair.peer.connect(to: pair.node)
            try await pair.peer.greet()
            try await pair.round()
            #expect(pair.pushes.isEmpty)
            await pair.peer.hangUp()
            try await eventually("the loss is noticed") {
                guard let end = await pair.node.network.peering.asking(of: pair.peer.key) else { return false }
                return end <= pair.time.clock.uptime + .seconds(1)
            }
            // It asked at most 13 s ago.
            try await pair.isPushed(first, within: 10)
        }
    }

    @Test("a log that grew and could not be pushed is pushed 10 s later")
    func failed() async throws {
        let isBusy = Lock(false)
        try await withPair { request in
            guard request is PushMethod, isBusy.withLock({ $0 }) else { return nil }
            return PeerReply.error(PeerError(.busy, "later"))
        } _: { pair in
            let first = try await write(pair, "a")
            try await pair.isPushed(first, within: 2)
            isBusy.withLock { $0 = true }
            let second = try await write(pair, "b")
            try await eventually("it is tried") { pair.pushes.last == [second] }
            isBusy.withLock { $0 = false }
            let before = pair.pushes.count
            try await pair.happens("it is pushed", within: 20) { pair.pushes.count > before }
            #expect(pair.pushes.last == [second])
        }
    }

    @Test("what the peer put off doesn't count as held: it is pushed again, and what comes before it is not")
    func putOff() async throws {
        let wants = Lock(1)
        try await withPair { request in
            guard let wires = (request as? PushMethod)?.deltas else { return nil }
            return PushMethod.encode(
                reply: wires.map { wire in
                    let delta = try? SignedDelta(decoding: wire)
                    let isWanted = delta.map { $0.header.sequence < wants.withLock { $0 } } ?? false
                    return PushMethod.Result(
                        id: delta?.id,
                        decision: isWanted ? "accept" : "defer",
                        reason: isWanted ? nil : "future"
                    )
                }
            )
        } _: { pair in
            let ids = try await pair.node.database.write([.name("a"), .name("b"), .name("c")]).map(\.id)
            try await pair.isPushed(ids[2], within: 2)
            #expect(pair.pushes == [ids])
            wants.withLock { $0 = 3 }
            try await pair.happens("it is pushed again", within: 20) { pair.pushes.count > 1 }
            #expect(pair.pushes.last == [ids[1], ids[2]])
            // Now it holds all.
            try await pair.round()
            #expect(pair.pushes.count == 2)
        }
    }

    @Test("a peer that lacks what it was thought to hold is pushed all of that log again")
    func gap() async throws {
        let lacks = Lock(false)
        try await withPair { request in
            guard let wires = (request as? PushMethod)?.deltas else { return nil }
            return PushMethod.encode(
                reply: wires.map { wire in
                    let delta = try? SignedDelta(decoding: wire)
                    let isGap = lacks.withLock { $0 } && delta?.header.sequence ?? 0 > 0
                    return PushMethod.Result(
                        id: delta?.id,
                        decision: isGap ? "defer" : "accept",
                        reason: isGap ? "gap" : nil
                    )
                }
            )
        } _: { pair in
            let first = try await write(pair, "a")
            try await pair.isPushed(first, within: 2)
            lacks.withLock { $0 = true }
            let second = try await write(pair, "b")
            try await eventually("it is offered") { pair.pushes.last == [second] }
            lacks.withLock { $0 = false }
            try await pair.happens("all is offered", within: 20) { pair.pushes.last == [first, second] }
        }
    }

    @Test("what a peer was given on a connection that was lost doesn't count as held when it comes back")
    func lostAnswer() async throws {
        try await withPair { pair in
            try await pair.peer.connect(to: pair.node)
            try await pair.peer.greet()
            let id = try await write(pair, "a")
            let own = pair.node.database.identity
            try await pair.asks(
                PullMethod(PullRequest(author: own, want: [id], have: [], after: nil, maximumBytes: 4_096))
            )
            // As far as the node can tell, the answer was lost with the connection.
            try await pair.peer.connect(to: pair.node)
            try await pair.peer.greet()
            try await pair.asks(HeadsMethod(after: nil, limit: 10))
            try await pair.isPushed(id, within: 31)
        }
    }
}
