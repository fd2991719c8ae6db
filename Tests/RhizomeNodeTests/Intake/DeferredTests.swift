import Bytes
import RhizomeTesting
import SignedLog
import Sodium
import Testing

@testable import RhizomeCore
@testable import RhizomeNode

/// Deltas that wait: what they wait for, and how many may (spec: admission.md, "What counts against whom").
@Suite struct DeferredTests {
    private let peer: PublicKey
    private let other: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
        other = try TestAuthors.signer("other peer").publicKey
    }

    @Test("deltas in any order end in the log by themselves, in one transaction once the last one is there")
    func anyOrder() async throws {
        try await withSeedAsync { generator in
            let bench = try IntakeBench()
            var maker = DeltaMaker(time: Deltas.start - 3_600_000_000)
            let tangle = try maker.tangle("alice", 60, using: &generator).map(\.delta)
            for delta in tangle.shuffled(using: &generator) { try await bench.submit(delta, from: peer) }
            #expect(try await bench.log.count() == 60)
            #expect(await bench.intake.waiting.count == 0)
            #expect(bench.ledger.counts(of: peer).accepted == 60)
            #expect(Set(bench.accepted.map(\.id)) == Set(tangle.map(\.id)))
        }
    }

    @Test("a long chain that waited for its first delta is written in one transaction")
    func chainAtOnce() async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(300)
        try await bench.submit(chain.dropFirst().reversed().map(\.bytes), from: peer)
        #expect(await bench.intake.waiting.count == 299)
        try await bench.submit(chain[0], from: other)
        #expect(bench.log.batches == [300])
        #expect(bench.accepted.map(\.id) == chain.map(\.id))
        #expect(bench.ledger.counts(of: peer).accepted == 299)
        #expect(bench.ledger.counts(of: other).accepted == 1)
    }

    @Test("what waited for trust is verified when trust comes; what is wrong with it counts against who sent it")
    func trust() async throws {
        let bench = try IntakeBench(trusted: [])
        let chain = try Deltas.chain(3, by: "stranger")
        try await bench.submit([chain[2].bytes, chain[0].bytes, chain[1].resigned], from: peer)
        try await bench.submit([chain[1].bytes], from: other)
        #expect(await bench.intake.waiting.count == 4)
        try await bench.intake.trustChanged()
        #expect(await bench.intake.waiting.count == 4, "nothing changed about their author")
        try bench.stand("stranger", .mayWrite(trustStatement: nil))
        try await bench.intake.trustChanged()
        #expect(try await bench.log.count() == 3)
        #expect(await bench.intake.waiting.count == 0)
        // The wrong signature may have come second, when the delta was held already.
        let peers = bench.ledger.counts(of: peer)
        #expect((peers.rejections[.signature] ?? 0) + peers.duplicate == 1)
        #expect(bench.ledger.counts(of: other).rejected == 0)
    }

    @Test("what waited for trust in somebody who is distrusted instead is rejected and gone")
    func distrust() async throws {
        let bench = try IntakeBench(trusted: [])
        try await bench.submit(try Deltas.make("stranger"), from: peer)
        try bench.stand("stranger", .distrusted)
        try await bench.intake.trustChanged()
        #expect(await bench.intake.waiting.count == 0)
        #expect(bench.ledger.counts(of: peer).rejections == [.distrusted: 1])
    }

    @Test("trust that comes while a delta is put off isn't missed")
    func trustMeanwhile() async throws {
        let bench = try IntakeBench(trusted: [])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask { try await bench.submit(try Deltas.make("stranger", Int64(number)), from: peer) }
                if number == 50 {
                    group.addTask {
                        try bench.stand("stranger", .mayWrite(trustStatement: nil))
                        try await bench.intake.trustChanged()
                    }
                }
            }
            try await group.waitForAll()
        }
        try await bench.intake.takeUpDue()
        #expect(try await bench.log.count() == 100)
        #expect(await bench.intake.waiting.count == 0)
    }

    @Test("a delta that fits nowhere is stalled once, whoever brings it, and what follows it waits")
    func stalls() async throws {
        let bench = try IntakeBench()
        let first = try Deltas.make()
        try await bench.submit(first)
        let stalled = try SignedDelta(decoding: Deltas.forged(sequence: 7, previous: [first.id]))
        let child = try Deltas.forged(sequence: 8, previous: [stalled.id], at: Deltas.start)
        for source in [peer, other, peer] {
            #expect(try await bench.submit([stalled.bytes, child], from: source) == [.reject(.chain), .defer(.gap)])
        }
        #expect(
            try await bench.log.stalls() == [
                Stall(SignedHeader(stalled), reason: .chain, version: "1")
            ]
        )
        #expect(bench.ledger.badInput == 0, "it says something about its author, not about who brings it")
        #expect(bench.penalised.isEmpty)
        #expect(try await bench.submit(Deltas.make("alice", 2, after: [first]), from: peer) == .accept)
    }

    @Test("a peer that sends the waiting deltas of another one again doesn't get hold of them")
    func noTakingOver() async throws {
        let bench = try IntakeBench(trusted: [], limits: .init(deltas: 32, bytes: 1 << 20, share: 8))
        let wanted = try (0..<4).map { try Deltas.make("stranger", $0) }
        try await bench.submit(wanted.map(\.bytes), from: other)
        try await bench.submit(wanted.map(\.bytes), from: peer)
        try await bench.submit((0..<20).map { try Deltas.make("flood", $0).bytes }, from: peer)
        try bench.stand("stranger", .mayWrite(trustStatement: nil))
        try await bench.intake.trustChanged()
        #expect(try await bench.log.count() == 4)
    }

    @Test("with the spec's bounds a peer holds an eighth of 10,000 deltas or of 64 MiB")
    func bounds() async throws {
        let bench = try IntakeBench(trusted: [])
        try await bench.submit((0..<1_300).map { try Deltas.make("stranger", $0).bytes }, from: peer)
        #expect(await bench.intake.waiting.count == 1_250)
        #expect(await bench.intake.waiting.evicted == 50)
        let large = Text(String(repeating: "x", count: 250 * 1024))
        let big = try (0..<40).map { number in
            try SignedDelta(
                pointers: [Pointer("a", .text(large)), Pointer("n", .integer(number))],
                after: [],
                timeCreated: 1,
                signer: TestAuthors.signer("stranger")
            ).bytes
        }
        try await bench.submit(big, from: other)
        let waiting = await bench.intake.waiting
        #expect(waiting.count == 1_250 + 8 * 1024 * 1024 / big[0].count)
    }

    // MARK: - The pool against a plain model

    /// The pool as the spec words it, with nothing done for speed.
    private struct Model {
        var limits: DeferredPool.Limits
        var entries: [(key: Bytes32, source: PublicKey?, size: Int, wait: DeferredPool.Wait)] = []

        mutating func insert(_ key: Bytes32, _ source: PublicKey?, _ size: Int, _ wait: DeferredPool.Wait) {
            var source = source
            if let place = entries.firstIndex(where: { $0.key == key }) {
                guard entries[place].wait.reason != wait.reason else { return }
                source = entries.remove(at: place).source
            }
            entries.append((key, source, size, wait))
            func held(_ source: PublicKey?) -> (count: Int, bytes: Int) {
                let own = entries.filter { $0.source == source }
                return (own.count, own.map(\.size).reduce(0, +))
            }
            /// Drops the oldest of whoever holds most.
            func evict(byMost measure: (PublicKey?) -> (Int, Int)) {
                let most = entries.map { measure($0.source) }.max { $0 < $1 }
                guard let most, let place = entries.firstIndex(where: { measure($0.source) == most }) else { return }
                entries.remove(at: place)
            }
            while held(source).count > limits.deltas / limits.share || held(source).bytes > limits.bytes / limits.share
            {
                evict { $0 == source ? (1, 0) : (0, 0) }
            }
            while entries.count > limits.deltas { evict { held($0) } }
            while entries.map(\.size).reduce(0, +) > limits.bytes { evict { (held($0).bytes, held($0).count) } }
        }

        mutating func take(_ fits: (DeferredPool.Wait) -> Bool) -> Set<Bytes32> {
            defer { entries.removeAll { fits($0.wait) } }
            return Set(entries.filter { fits($0.wait) }.map(\.key))
        }
    }

    @Test("whatever is put in and taken out, the pool holds what the spec says, and never more")
    func pool() async throws {
        try withSeed { generator in
            let sources: [PublicKey?] = try [nil] + (0..<6).map { try TestAuthors.signer("peer \($0)").publicKey }
            let ids = (0..<5).map { DeltaID(Bytes32(repeating: UInt8($0))) }
            let deltas = try (0..<60).map { number in
                try SignedDelta(
                    pointers: [Pointer("a", .text(Text(String(repeating: "x", count: 1 << (number % 9) + number))))],
                    after: [],
                    timeCreated: Int64(number),
                    signer: TestAuthors.signer("author \(number % 3)")
                )
            }
            for _ in 0..<20 {
                let limits = DeferredPool.Limits(
                    deltas: Int.random(in: 4...30, using: &generator),
                    bytes: Int.random(in: 3_000...12_000, using: &generator),
                    share: Int.random(in: 1...3, using: &generator)
                )
                var pool = DeferredPool(limits: limits)
                var model = Model(limits: limits)
                for _ in 0..<300 {
                    switch Int.random(in: 0..<12, using: &generator) {
                    case 0:
                        let id = ids[Int.random(in: ids.indices, using: &generator)]
                        let expected = model.take {
                            if case .gap(let missing) = $0 { missing.contains(id) } else { false }
                        }
                        #expect(Set(pool.take(waitingFor: id).map(\.key)) == expected)
                    case 1:
                        let now = Int64.random(in: 0..<10, using: &generator)
                        let expected = model.take { if case .due(let due) = $0 { due <= now } else { false } }
                        #expect(Set(pool.take(dueAt: now).map(\.key)) == expected)
                    case 2:
                        let author = deltas[Int.random(in: deltas.indices, using: &generator)].author
                        let keys = Set(pool.take(waitingForTrustIn: author).map(\.key))
                        let gone = Set(deltas.filter { $0.author == author }.map { SHA256.hash($0.bytes) })
                        let expected = Set(
                            model.entries.filter { gone.contains($0.key) && $0.wait.reason == .unknownAuthor }.map(
                                \.key
                            )
                        )
                        model.entries.removeAll { expected.contains($0.key) }
                        #expect(keys == expected)
                    default:
                        let delta = deltas[Int.random(in: deltas.indices, using: &generator)]
                        let source = sources[Int.random(in: sources.indices, using: &generator)]
                        let wait: DeferredPool.Wait =
                            switch Int.random(in: 0..<3, using: &generator) {
                            case 0: .trust
                            case 1: .gap(Array(ids.shuffled(using: &generator).prefix(2)))
                            default: .due(Int64.random(in: 0..<10, using: &generator))
                            }
                        let key = SHA256.hash(delta.bytes)
                        pool.insert(.init(key: key, delta: delta, verified: nil, source: source, wait: wait))
                        model.insert(key, source, delta.bytes.count, wait)
                    }
                    #expect(pool.count == model.entries.count)
                    #expect(pool.bytes == model.entries.map(\.size).reduce(0, +))
                    #expect(pool.count <= limits.deltas && pool.bytes <= limits.bytes)
                    #expect(model.entries.allSatisfy { pool.contains($0.key) })
                }
            }
        }
    }

    @Test("inserting and taking without end doesn't fill memory")
    func poolStaysSmall() throws {
        let delta = try Deltas.make("stranger")
        let kept = try Deltas.make("stranger", 2)
        var pool = DeferredPool()
        pool.insert(.init(key: SHA256.hash(kept.bytes), delta: kept, verified: nil, source: nil, wait: .trust))
        for _ in 0..<100_000 {
            pool.insert(.init(key: SHA256.hash([1]), delta: delta, verified: nil, source: nil, wait: .due(0)))
            #expect(pool.take(dueAt: 0).count == 1)
        }
        #expect(pool.count == 1)
    }
}
