import Bytes
import DatabaseTesting
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase

/// This node's own log: times, heads, branches that come from elsewhere (spec: admission.md, "Forks", "Clocks").
@Suite struct OwnLogTests {
    private let peer: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
    }

    @Test("a write takes the same way in as all others, is counted as our own, and has no trust statement")
    func sameWay() async throws {
        let bench = try IntakeBench()
        let written = try await bench.intake.write([.name("a"), .name("b")])
        #expect(written.map(\.delta.header.sequence) == [0, 1])
        #expect(written[1].delta.header.previous == [written[0].id])
        #expect(bench.accepted.map(\.id) == written.map(\.id))
        #expect(bench.log.batches.map(\.deltas) == [2])
        #expect(bench.ledger.counts(of: nil).accepted == 2)
        #expect(written.allSatisfy { $0.arrival.trustStatement == nil && $0.arrival.receivedFrom == nil })
        #expect(written.allSatisfy { VerifiedDelta.verify($0.delta).isSuccess })
        #expect(try await bench.intake.write([]).isEmpty)
    }

    @Test("a local write and an imported delta may race for the own log; it never forks by that")
    func concurrentWrites() async throws {
        let bench = try IntakeBench()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask { _ = try await bench.intake.write([.name("\(number)"), .name("\(number)'")]) }
            }
            try await group.waitForAll()
        }
        #expect(try await bench.log.heads(of: bench.own.publicKey).map(\.sequence) == [79])
        #expect(try await bench.log.forks(of: bench.own.publicKey, limit: 100).isEmpty)
    }

    @Test("times are greater than the clock's, the last delta's and the replaced one's")
    func times() async throws {
        let bench = try IntakeBench()
        let now = bench.time.now
        let limit = now + DeltaLimits.ahead
        func time(_ replacing: Timestamp?) async throws -> Timestamp {
            let draft = Draft(pointers: [Pointer("n", .integer(1))], replacing: replacing)
            return try #require(try await bench.intake.write([draft]).first).delta.header.timeCreated
        }
        #expect(try await time(nil) == now)
        #expect(try await time(nil) == now + 1)
        #expect(try await time(now + 500) == now + 501)
        #expect(try await time(3) == now + 502)
        #expect(try await time(limit - 1) == limit)
        for replacing in [nil, limit, Timestamp.max] {
            await #expect(throws: WriteError(.clock, "")) { try await time(replacing) }
        }
        bench.time.advance(10)
        #expect(try await time(nil) == limit + 1)
        #expect(try await bench.log.count() == 6)
        #expect(bench.ledger.counts(of: nil).accepted == 6)
    }

    @Test("a clock set back fails writes with `clock` until it has caught up, and nothing of them is kept")
    func clockSetBack() async throws {
        let bench = try IntakeBench()
        _ = try await bench.intake.write([.name("a")])
        let written = bench.time.now
        bench.time.now = written - 301_000_000
        let error = await #expect(throws: WriteError(.clock, "")) { try await bench.intake.write([.name("b")]) }
        // It names the first moment at which the same write works, as a time and as how long that is.
        let writableAt = written + 1 - DeltaLimits.ahead
        #expect(error?.writableAt == writableAt)
        #expect(error?.wait == writableAt - bench.time.now)
        #expect(error?.message.contains(writableAt.description) == true)
        let own = OwnLogTime(of: bench.own.publicKey, heads: try await bench.log.heads(of: bench.own.publicKey))
        bench.time.now = writableAt - 1
        await #expect(throws: WriteError(.clock, "")) { try await bench.intake.write([.name("b")]) }
        #expect(own.error(now: bench.time.now)?.writableAt == writableAt)
        bench.time.now = writableAt
        #expect(own.error(now: bench.time.now) == nil)
        own.note(try await bench.intake.write([.name("b")]))
        #expect(own.error(now: bench.time.now)?.writableAt == writableAt + 1)
        #expect(try await bench.log.count() == 2)
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
    }

    @Test("content beyond a limit fails the whole write and no other one")
    func content() async throws {
        let bench = try IntakeBench()
        async let bad: [StoredDelta] = bench.intake.write([.name("a"), Draft(pointers: [])])
        async let good: [StoredDelta] = bench.intake.write([.name("b")])
        #expect(try await good.first?.delta.header.sequence == 0)
        do {
            _ = try await bad
            Issue.record("not refused")
        } catch let error as WriteError {
            #expect(error.code == .content)
        }
        #expect(try await bench.log.count() == 1)
    }

    @Test("a branch of our own log that comes from a peer is taken over and merged by the next write")
    func takenOver() async throws {
        let bench = try IntakeBench()
        let own = try await bench.intake.write([.name("a")])
        let branch = try Deltas.chain(3, by: "own")
        #expect(try await bench.submit(branch.map(\.bytes), from: peer) == [.accept, .accept, .accept])
        #expect(try await bench.log.forks(of: bench.own.publicKey, limit: 100).count == 1)
        let merge = try #require(try await bench.intake.write([.name("b")]).first).delta
        #expect(Set(merge.header.previous) == [own[0].id, branch[2].id])
        #expect(merge.header.sequence == 3)
        #expect(try await bench.log.heads(of: bench.own.publicKey).map(\.id) == [merge.id])
    }

    @Test("the next delta names our own last one and 7 others, greatest first; later ones take in the rest")
    func manyHeads() async throws {
        for restarts in [false, true] {
            let log = HookedLog()
            var bench = try IntakeBench(log: log)
            let own = try #require(try await bench.intake.write([.name("a")]).first).delta
            var heads: [SignedDelta] = []
            for number in 1...12 {
                let root = try Deltas.make("own", Int64(100 + number))
                let chain = try [root] + Deltas.chain(number % 4 + 2, by: "own", after: [root])
                try await bench.submit(chain.map(\.bytes), from: peer)
                heads.append(chain[chain.count - 1])
            }
            // A restart forgets which delta was written last: the log tells.
            if restarts { bench = try IntakeBench(log: log) }
            let greatest = heads.sorted { ($0.header.sequence, $0.id) > ($1.header.sequence, $1.id) }
            let first = try #require(try await bench.intake.write([.name("b")]).first).delta
            #expect(Set(first.header.previous) == Set([own.id] + greatest.prefix(7).map(\.id)))
            let second = try #require(try await bench.intake.write([.name("c")]).first).delta
            #expect(Set(second.header.previous) == Set([first.id] + greatest.dropFirst(7).map(\.id)))
            #expect(try await bench.log.heads(of: bench.own.publicKey).map(\.id) == [second.id])
        }
    }

    @Test("a write follows what a peer brings of our own log in the same batch")
    func healedInTheSameBatch() async throws {
        let bench = try IntakeBench()
        let gate = Gate()
        bench.log.beforeWrite { await gate.pass() }
        let branch = try Deltas.chain(3, by: "own")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bench.submit(Deltas.make("alice")) }
            try await eventually("something is being written") { gate.isReached }
            group.addTask { _ = try await bench.intake.write([.name("a")]) }
            try await eventually("a write waits") { await bench.intake.queued == 1 }
            group.addTask { try await bench.submit(branch.map(\.bytes), from: peer) }
            try await eventually("and so does our log") { await bench.intake.queued == 2 }
            gate.open()
            try await group.waitForAll()
        }
        #expect(try await bench.log.forks(of: bench.own.publicKey, limit: 100).isEmpty)
        #expect(try await bench.log.heads(of: bench.own.publicKey).map(\.sequence) == [3])
    }

    @Test("the ends of the own log are known without the store from the first write on")
    func heads() async throws {
        var generator = SeededGenerator()
        print("seed \(generator.seed)")
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let tangle = try maker.tangle("own", 200, using: &generator)
        let start = Int.random(in: 0..<200, using: &generator)
        _ = try await log.append(Array(tangle[..<start]), cursors: [:])
        let own = try maker.author("own")
        var heads = OwnHeads(try await log.heads(of: own))
        for delta in tangle[start...] {
            for stored in try await log.append([delta], cursors: [:]) { heads.add(stored) }
            #expect(Set(heads.all) == Set(try await log.heads(of: own)))
            #expect(heads.last == delta.delta.id)
        }
    }
}

extension Result {
    var isSuccess: Bool { if case .success = self { true } else { false } }
}
