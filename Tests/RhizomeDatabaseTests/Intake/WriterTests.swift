import Bytes
import DatabaseTesting
import Locks
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase

/// One writer at a time: grouped commits, failing disks, callers that go away.
@Suite(.timeLimit(.minutes(1))) struct WriterTests {
    private let peer: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
    }

    @Test("what comes while a batch is being written is written as one batch after it")
    func groupCommit() async throws {
        let bench = try IntakeBench()
        let gate = Gate()
        bench.log.beforeWrite { await gate.pass() }
        let deltas = try (0..<20).map { try Deltas.make("alice", $0, at: Deltas.start + $0) }
        try await withThrowingTaskGroup(of: Decision.self) { group in
            group.addTask { try await bench.submit(deltas[0], from: peer) }
            try await eventually("the first is being written") { gate.isReached }
            for delta in deltas.dropFirst() { group.addTask { try await bench.submit(delta, from: peer) } }
            group.addTask {
                _ = try await bench.intake.write([.name("own")])
                return .accept
            }
            try await eventually("all others wait") { await bench.intake.queued == 20 }
            gate.open()
            for try await decision in group { #expect(decision == .accept) }
        }
        #expect(bench.log.batches.map(\.deltas) == [1, 20])
        #expect(bench.accepted.map(\.position) == Array(1...21))
    }

    @Test("peers take turns in a batch: a flood holds up another peer's delta for the batch that is under way")
    func turns() async throws {
        let bench = try IntakeBench(trusted: ["alice", "flood"])
        let flood = try TestAuthors.signer("flood").publicKey
        let gate = Gate()
        bench.log.beforeWrite { await gate.pass() }
        let jobs = try (0..<12).map { job in
            try (0..<500).map { try Deltas.make("flood", Int64($0), at: Deltas.start + Int64(job)).bytes }
        }
        let honest = try Deltas.make("alice")
        try await withThrowingTaskGroup(of: [Decision].self) { group in
            group.addTask { try await bench.submit([Deltas.make("flood", -1).bytes], from: flood) }
            try await eventually("the first is being written") { gate.isReached }
            for job in jobs { group.addTask { try await bench.submit(job, from: flood) } }
            try await eventually("the flood waits") { await bench.intake.queued == 12 }
            group.addTask { try await bench.submit([honest.bytes], from: peer) }
            try await eventually("all wait") { await bench.intake.queued == 13 }
            gate.open()
            for try await decisions in group { #expect(decisions.allSatisfy { $0 == .accept }) }
        }
        // The first, a turn of the flood, and after that it is the other's.
        #expect(bench.accepted.first { $0.id == honest.id }?.position == 502)
        #expect(bench.log.batches.map(\.deltas) == [1, 1_001, 1_000, 1_000, 1_000, 1_000, 1_000])
    }

    @Test(
        "what is handed in at once is written in parts, in order: large ones where its source has been alone for a second",
        arguments: [(0, [1_000, 1_000, 1_000, 1_000, 100]), (1, [4_000, 100])]
    )
    func parts(secondsAlone: Int, batches: [Int]) async throws {
        let bench = try IntakeBench()
        _ = try await bench.intake.write([.name("own")])
        bench.time.advance(Int64(secondsAlone))
        let chain = try Deltas.chain(4_100)
        #expect(try await bench.submit(chain.map(\.bytes), from: peer).allSatisfy { $0 == .accept })
        #expect(bench.log.batches.map(\.deltas) == [1] + batches)
        #expect(bench.accepted.dropFirst().map(\.id) == chain.map(\.id))
    }

    @Test("a transaction takes as many pointers, and as many bytes, as a few thousand small deltas cost, whatever came")
    func weights() async throws {
        let bench = try IntakeBench()
        bench.time.advance(10)
        let wide = try Deltas.wideChain(80)
        #expect(try await bench.submit(wide.map(\.bytes), from: peer).allSatisfy { $0 == .accept })
        let large = Pointer("a", .text(Text(String(repeating: "x", count: 250 * 1024))))
        let long = try (0..<40).map { number in
            try SignedDelta(
                pointers: [large, Pointer("n", .integer(number))],
                after: [],
                timeCreated: Deltas.start,
                signer: TestAuthors.signer("alice")
            ).bytes
        }
        #expect(try await bench.submit(long, from: peer).allSatisfy { $0 == .accept })
        #expect(bench.log.batches.allSatisfy { $0.pointers <= 4 * 4_096 && $0.bytes <= 16 << 20 })
        // As few as that leaves, and not one for each delta.
        #expect(bench.log.batches.count < 20)
        #expect(bench.accepted.map(\.id).starts(with: wide.map(\.id)))
    }

    @Test("many wide deltas that waited for one hold up what is written here for one small transaction")
    func waitingInTurns() async throws {
        let bench = try IntakeBench(trusted: ["alice"])
        let gate = Gate()
        _ = try await bench.intake.write([.name("first")])
        let chain = try Deltas.wideChain(100)
        try await bench.submit(chain.dropFirst().map(\.bytes), from: peer)
        #expect(await bench.metric("rhizome_deferred_deltas") == 99)
        try await withThrowingTaskGroup(of: Void.self) { group in
            bench.log.beforeWrite { await gate.pass() }
            group.addTask { try await bench.submit(chain[0], from: peer) }
            try await eventually("the first is being written") { gate.isReached }
            group.addTask { _ = try await bench.intake.write([.name("second")]) }
            try await eventually("it waits") { await bench.intake.queued == 1 }
            gate.open()
            try await group.waitForAll()
        }
        try await eventually("all are written") { try await bench.log.count() == 102 }
        // Beside it there was room for what waited in turns.
        #expect(bench.accepted.firstIndex { $0.arrival.receivedFrom == nil && $0.position > 1 } == 2)
        #expect(bench.log.batches.dropFirst().allSatisfy { $0.pointers <= 5 * 1_024 }, "\(bench.log.batches)")
    }

    @Test("where the log fails the rest of a call isn't tried: nothing of it waits, and it can be handed in again")
    func failingSlice() async throws {
        let bench = try IntakeBench()
        _ = try await bench.intake.write([.name("own")])
        let chain = try Deltas.chain(4_000)
        let appends = Lock(0)
        bench.log.beforeWrite {
            let number = appends.withLock { appends in
                appends += 1
                return appends
            }
            if number == 2 { throw DeltaLogError(.disk, "the disk is full") }
        }
        await #expect(throws: DeltaLogError.self) { try await bench.submit(chain.map(\.bytes), from: peer) }
        #expect(try await bench.log.count() == 1_001)
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
        bench.log.beforeWrite(nil)
        let decisions = try await bench.submit(chain.map(\.bytes), from: peer)
        #expect(decisions.count { $0 == .duplicate } == 1_000 && decisions.count { $0 == .accept } == 3_000)
        #expect(await bench.intake.queued == 0)
    }

    @Test("what is written here goes before what peers brought, however much of either waits, and all of it is written")
    func localFirst() async throws {
        let bench = try IntakeBench(trusted: ["alice"])
        let gate = Gate()
        _ = try await bench.intake.write([.name("first")])
        bench.log.beforeWrite { await gate.pass() }
        let chain = try Deltas.chain(2_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bench.submit(chain.map(\.bytes), from: peer) }
            try await eventually("the first is being written") { gate.isReached }
            for number in 0..<50 {
                group.addTask { _ = try await bench.intake.write([.name("own \(number)")]) }
                try await eventually("it waits") { await bench.intake.queued == 2 + number + 1 }
            }
            gate.open()
            try await group.waitForAll()
        }
        // All that was written here meanwhile, and what there was room for besides.
        #expect(bench.log.batches.map(\.deltas) == [1, 1_000, 1_050])
        let own = bench.accepted.filter { $0.arrival.receivedFrom == nil }
        #expect(own.map(\.position) == [1] + Array(1_002...1_051))
    }

    @Test("a delta handed in many times at once is stored once")
    func sameDelta() async throws {
        let bench = try IntakeBench()
        let delta = try Deltas.make()
        let decisions = try await withThrowingTaskGroup(of: [Decision].self) { group in
            for _ in 0..<50 { group.addTask { try await bench.submit([delta.bytes, delta.bytes], from: peer) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(decisions.count { $0 == .accept } == 1)
        #expect(decisions.count { $0 == .duplicate } == 99)
        #expect(bench.accepted.count == 1)
        #expect(bench.ledger.counts(of: peer).duplicate == 99)
    }

    @Test("two signatures over one header at the same time are one delta")
    func secondSignature() async throws {
        let bench = try IntakeBench()
        let delta = try Deltas.make()
        #expect(
            try await bench.submit([delta.resigned, delta.bytes, delta.resigned]) == [
                .reject(.signature), .accept, .reject(.signature),
            ]
        )
        #expect(try await bench.submit([delta.resigned]) == [.duplicate])
    }

    @Test("trust taken back while a signature was being verified is looked at again by the writer")
    func trustTakenBack() async throws {
        let bench = try IntakeBench(trusted: ["alice", "bob", "carol"])
        let gate = Gate()
        bench.log.beforeWrite { await gate.pass() }
        try await withThrowingTaskGroup(of: (String, Decision).self) { group in
            group.addTask { ("first", try await bench.submit(Deltas.make("alice"))) }
            try await eventually("the first is being written") { gate.isReached }
            for label in ["bob", "carol"] {
                group.addTask { (label, try await bench.submit(Deltas.make(label), from: peer)) }
            }
            try await eventually("both are verified and wait") { await bench.intake.queued == 2 }
            try bench.stand("bob", .distrusted)
            try bench.stand("carol", .unknown)
            gate.open()
            var decisions: [String: Decision] = [:]
            for try await (label, decision) in group { decisions[label] = decision }
            #expect(
                decisions == ["first": .accept, "bob": .reject(.distrusted), "carol": .defer(.unknownAuthor)]
            )
        }
        #expect(try await bench.log.count() == 1)
        try bench.stand("carol", .mayWrite(trustStatement: nil))
        try await bench.intake.trustChanged()
        #expect(try await bench.log.count() == 2)
    }

    // MARK: - A log that fails

    @Test("where the log fails all callers are told, nothing is counted, and the next write works")
    func failingLog() async throws {
        let bench = try IntakeBench()
        let gate = Gate()
        bench.log.beforeWrite {
            await gate.pass()
            throw DeltaLogError(.disk, "no space left")
        }
        let deltas = try (0..<6).map { try Deltas.make("alice", $0, at: Deltas.start + $0) }
        await withTaskGroup(of: Void.self) { group in
            for delta in deltas {
                group.addTask {
                    await #expect(throws: DeltaLogError(.disk, "")) { try await bench.submit(delta, from: peer) }
                }
            }
            group.addTask {
                await #expect(throws: WriteError(.disk, "")) { try await bench.intake.write([.name("own")]) }
            }
            gate.open()
        }
        for source in [peer, nil] { #expect(bench.ledger.counts(of: source) == DecisionCounts()) }
        #expect(bench.accepted.isEmpty)
        bench.log.beforeWrite(nil)
        #expect(try await bench.submit(deltas.map(\.bytes), from: peer) == .init(repeating: .accept, count: 6))
        let written = try await bench.intake.write([.name("own")])
        #expect(written.first?.delta.header.sequence == 0, "the failed write left no trace in our log")
    }

    @Test("a stored header that is damaged fails those who bring deltas after it, and nobody who is written with them")
    func damage() async throws {
        let bench = try IntakeBench(trusted: ["alice", "bob", "carol"])
        let chain = try Deltas.chain(2)
        try await bench.submit(chain.map(\.bytes), from: peer)
        // What the last one of a log is linked to is remembered; of what is before it the log is asked.
        let fork = try Deltas.make("alice", 100, after: [chain[0]])
        let gate = Gate()
        bench.log.beforeWrite { await gate.pass() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await bench.submit(Deltas.make("bob"), from: peer) }
            try await eventually("the first is being written") { gate.isReached }
            bench.log.damage([chain[0].id])
            let other = try TestAuthors.signer("other").publicKey
            group.addTask {
                await #expect(throws: DeltaLogError(.corrupt, "")) {
                    _ = try await bench.submit(fork, from: peer)
                }
            }
            group.addTask {
                let decision = try await bench.submit(Deltas.make("carol"), from: other)
                #expect(decision == .accept)
            }
            group.addTask { _ = try await bench.intake.write([.name("own")]) }
            try await eventually("all others wait") { await bench.intake.queued == 3 }
            gate.open()
            try await group.waitForAll()
        }
        #expect(bench.accepted.count == 5)
        // Nothing was decided about what could not be judged.
        bench.log.damage([])
        #expect(try await bench.submit(fork, from: peer) == .accept)
    }

    @Test("deltas that had waited go on waiting where the log fails, and are taken up by themselves later")
    func waitingSurvivesFailure() async throws {
        let bench = try IntakeBench(trusted: ["alice"])
        let chain = try Deltas.chain(3)
        let stranger = try Deltas.make("stranger")
        let future = try Deltas.make("alice", 50, at: bench.time.now + 400_000_000)
        try await bench.submit([chain[1].bytes, chain[2].bytes, stranger.bytes, future.bytes], from: peer)
        #expect(await bench.metric("rhizome_deferred_deltas") == 4)
        bench.log.beforeWrite { throw DeltaLogError(.disk, "no space left") }
        await #expect(throws: DeltaLogError.self) { try await bench.submit(chain[0], from: peer) }
        try bench.stand("stranger", .mayWrite(trustStatement: nil))
        await #expect(throws: DeltaLogError.self) { try await bench.intake.trustChanged() }
        bench.time.advance(200)
        await #expect(throws: DeltaLogError.self) { try await bench.intake.takeUpDue() }
        #expect(await bench.metric("rhizome_deferred_deltas") == 4)
        bench.log.beforeWrite(nil)
        try await bench.submit(chain[0], from: peer)
        bench.time.advance(60)
        try await bench.intake.takeUpDue()
        // What had waited for the first is taken up without anybody waiting for it.
        try await eventually("all are held") { try await bench.log.count() == 5 }
        try await eventually("none waits") { await bench.metric("rhizome_deferred_deltas") == 0 }
        #expect(try await bench.log.deltas(chain.map(\.id)).allSatisfy { $0.arrival.receivedFrom == peer })
    }

    // MARK: - Callers that go away

    @Test("callers that are cancelled while they are written neither fail others nor stop the writer")
    func cancelledWriter() async throws {
        let bench = try IntakeBench()
        let gate = Gate()
        bench.log.beforeWrite { await gate.pass() }
        let deltas = try (0..<5).map { try Deltas.make("alice", $0, at: Deltas.start + $0) }
        let first = Task { try await bench.submit(deltas[0], from: peer) }
        try await eventually("the first is being written") { gate.isReached }
        let second = Task { try await bench.submit(deltas[1], from: peer) }
        try await eventually("the second waits") { await bench.intake.queued == 1 }
        let third = Task { try await bench.submit(deltas[2], from: peer) }
        try await eventually("the third waits") { await bench.intake.queued == 2 }
        first.cancel()
        // The third is in its batch.
        second.cancel()
        gate.open()
        #expect(try await first.value == .accept)
        #expect(try await second.value == .accept)
        #expect(try await third.value == .accept)
        #expect(try await bench.submit(deltas[3], from: peer) == .accept)
    }

    @Test("callers that come and are cancelled at any moment never stop the writing")
    func cancellations() async throws {
        let bench = try IntakeBench()
        try await withSeedAsync { generator in
            let deltas = try (0..<200).map { try Deltas.make("alice", $0, at: Deltas.start + $0) }
            var tasks: [Task<Decision, any Error>] = []
            for delta in deltas {
                let task = Task { try await bench.submit(delta, from: peer) }
                if Bool.random(using: &generator) { task.cancel() }
                tasks.append(task)
            }
            for task in tasks { _ = await task.result }
            let decisions = try await bench.submit(deltas.map(\.bytes), from: peer)
            #expect(decisions.allSatisfy { $0 == .accept || $0 == .duplicate })
            #expect(try await bench.log.count() == 200)
        }
    }
}
