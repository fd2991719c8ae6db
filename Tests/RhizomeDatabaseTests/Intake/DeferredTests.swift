import Bytes
import DatabaseTesting
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase

/// Deltas that wait: what they wait for, and how many may (spec: admission.md, "What counts against whom").
@Suite struct DeferredTests {
    private let peer: PublicKey
    private let other: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
        other = try TestAuthors.signer("other peer").publicKey
    }

    @Test("deltas in any order end in the log by themselves once the last one is there")
    func anyOrder() async throws {
        try await withSeedAsync { generator in
            let bench = try IntakeBench()
            var maker = DeltaMaker(time: Deltas.start - 3_600_000_000)
            let tangle = try maker.tangle("alice", 60, using: &generator).map(\.delta)
            for delta in tangle.shuffled(using: &generator) { try await bench.submit(delta, from: peer) }
            try await eventually("all are accepted") { bench.ledger.counts(of: peer).accepted == 60 }
            #expect(try await bench.log.count() == 60)
            #expect(await bench.metric("rhizome_deferred_deltas") == 0)
            #expect(Set(bench.accepted.map(\.id)) == Set(tangle.map(\.id)))
        }
    }

    @Test("a long chain that waited for its first delta is written after it, as work of its own, by who brought it")
    func chainAfterwards() async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(300)
        try await bench.submit(chain.dropFirst().reversed().map(\.bytes), from: peer)
        #expect(await bench.metric("rhizome_deferred_deltas") == 299)
        try await bench.submit(chain[0], from: other)
        try await eventually("all are accepted") { bench.ledger.counts(of: peer).accepted == 299 }
        #expect(bench.log.batches.map(\.deltas) == [1, 299])
        #expect(bench.accepted.map(\.id) == chain.map(\.id))
        #expect(bench.ledger.counts(of: other).accepted == 1)
        #expect(bench.ledger.counts(of: peer).deferrals == [.gap: 299])
    }

    @Test("what waits for several is taken up once, when the last of them is there")
    func severalMissing() async throws {
        let bench = try IntakeBench()
        let firsts = try (0..<8).map { try Deltas.make("alice", $0) }
        let merge = try Deltas.make("alice", 9, after: firsts)
        let rest = try Deltas.chain(20, after: [merge])
        try await bench.submit((rest + [merge]).map(\.bytes), from: peer)
        for first in firsts.dropLast() { try await bench.submit(first, from: other) }
        #expect(await bench.metric("rhizome_deferred_deltas") == 21)
        try await bench.submit(firsts[7], from: other)
        try await eventually("all are accepted") { bench.ledger.counts(of: peer).accepted == 21 }
        #expect(bench.ledger.counts(of: peer).deferrals == [.gap: 21])
        #expect(bench.log.batches.map(\.deltas) == .init(repeating: 1, count: 8) + [21])
    }

    @Test("where one of a chain that waited fits only later, what follows it waits for it again")
    func waitingTwice() async throws {
        let bench = try IntakeBench()
        let first = try Deltas.make()
        let second = try Deltas.make("alice", 2, after: [first])
        let early = try Deltas.make("alice", 3, after: [second], at: bench.time.now + 310_000_000)
        let last = try Deltas.make("alice", 4, after: [early])
        try await bench.submit([last.bytes, early.bytes, second.bytes], from: peer)
        try await bench.submit(first, from: other)
        try await eventually("all are judged again") {
            bench.ledger.counts(of: peer).deferrals == [.gap: 4, .future: 1]
        }
        #expect(try await bench.log.count() == 2)
        #expect(await bench.metric("rhizome_deferred_deltas") == 2)
        bench.time.advance(11)
        try await bench.intake.takeUpDue()
        try await eventually("all are held") { try await bench.log.count() == 4 }
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
    }

    @Test("what waited for trust is verified when trust comes; what is wrong with it counts against who sent it")
    func trust() async throws {
        let bench = try IntakeBench(trusted: [])
        let chain = try Deltas.chain(3, by: "stranger")
        try await bench.submit([chain[2].bytes, chain[0].bytes, chain[1].resigned], from: peer)
        try await bench.submit([chain[1].bytes], from: other)
        #expect(await bench.metric("rhizome_deferred_deltas") == 4)
        try await bench.intake.trustChanged()
        #expect(await bench.metric("rhizome_deferred_deltas") == 4, "nothing changed about their author")
        try bench.stand("stranger", .mayWrite(trustStatement: nil))
        try await bench.intake.trustChanged()
        #expect(try await bench.log.count() == 3)
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
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
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
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
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
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
        #expect(
            await bench.metric("rhizome_bad_input_total") == 0,
            "it says something about its author, not about who brings it"
        )
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

    @Test("a delta that a liar brought first stays as long as an honest peer that brought it too has room for it")
    func shared() async throws {
        let bench = try IntakeBench(limits: .init(deltas: 32, bytes: 1 << 20, share: 8))
        let early = try Deltas.make("alice", 1, at: bench.time.now + 325_000_000)
        let late = try Deltas.make("alice", 2, after: [try Deltas.make("alice", 0)])
        for delta in [early, late] {
            try await bench.submit(delta, from: peer)
            try await bench.submit(delta, from: other)
        }
        let junk = try (0..<20).map { try Deltas.make("flood", $0).bytes }
        try await bench.submit(junk, from: peer)
        #expect(await bench.metric("rhizome_deferred_deltas") == 4 + 2)
        // Told again by the liar they are its newest, and go with its next ones once more.
        try await bench.submit([early.bytes, late.bytes], from: peer)
        try await bench.submit(junk.map { $0 }, from: peer)
        bench.time.advance(26)
        try await bench.intake.takeUpDue()
        #expect(try await bench.holds(early))
        try await bench.submit(Deltas.make("alice", 0), from: peer)
        try await eventually("what had a gap is held") { try await bench.holds(late) }
        // It is told as having come through who held it to the end.
        let stored = try await bench.log.deltas([early.id, late.id])
        #expect(stored.map(\.arrival.receivedFrom) == [other, other])
    }

    @Test("what several brought is held by all of them still when it waits for something else")
    func sharedOnwards() async throws {
        let bench = try IntakeBench(limits: .init(deltas: 32, bytes: 1 << 20, share: 8))
        let first = try Deltas.make()
        let early = try Deltas.make("alice", 2, after: [first], at: bench.time.now + 325_000_000)
        try await bench.submit(early, from: peer)
        try await bench.submit(early, from: other)
        try await bench.submit(first)
        try await eventually("it waits for its time") { bench.ledger.counts(of: peer).deferrals[.future] == 1 }
        try await bench.submit((0..<20).map { try Deltas.make("flood", $0).bytes }, from: peer)
        bench.time.advance(26)
        try await bench.intake.takeUpDue()
        #expect(try await bench.holds(early))
    }

    @Test("with the spec's bounds a peer holds an eighth of 10,000 deltas or of 64 MiB")
    func bounds() async throws {
        let bench = try IntakeBench(trusted: [])
        try await bench.submit((0..<1_300).map { try Deltas.make("stranger", $0).bytes }, from: peer)
        #expect(await bench.metric("rhizome_deferred_deltas") == 1_250)
        #expect(await bench.metric("rhizome_deferred_evicted_total") == 50)
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
        #expect(await bench.metric("rhizome_deferred_deltas") == Double(1_250 + 8 * 1024 * 1024 / big[0].count))
    }

    // MARK: - The pool against a plain model

    /// The pool as the spec words it, with nothing done for speed.
    private struct Model {
        struct Entry {
            let key: Bytes32
            let size: Int
            let id: DeltaID
            var wait: DeferredPool.Wait?
            /// Each with the moment at which it came to hold it, the first one first.
            var holders: [(source: PublicKey?, since: Int)] = []
        }

        var limits: DeferredPool.Limits
        var entries: [Entry] = []
        private var moment = 0

        init(limits: DeferredPool.Limits) { self.limits = limits }

        mutating func insert(
            _ delta: SignedDelta,
            _ sources: [PublicKey?],
            _ wait: DeferredPool.Wait
        ) {
            let key = SHA256.hash(delta.bytes)
            if !entries.contains(where: { $0.key == key }) {
                entries.append(Entry(key: key, size: delta.bytes.count, id: delta.id))
                entries[entries.count - 1].wait = wait
            }
            guard let place = entries.firstIndex(where: { $0.key == key }) else { return }
            if entries[place].wait != nil { entries[place].wait = wait }
            for source in sources where !entries[place].holders.contains(where: { $0.source == source }) {
                moment += 1
                entries[place].holders.append((source, moment))
            }
            for source in sources {
                while held(source).count > limits.deltas / limits.share
                    || held(source).bytes > limits.bytes / limits.share
                { release(source) }
            }
            while entries.count > limits.deltas { release { ($0.count, $0.bytes) } }
            while entries.map(\.size).reduce(0, +) > limits.bytes { release { ($0.bytes, $0.count) } }
        }

        private func held(_ source: PublicKey?) -> (count: Int, bytes: Int) {
            let own = entries.filter { $0.holders.contains { $0.source == source } }
            return (own.count, own.map(\.size).reduce(0, +))
        }

        private func oldest(_ source: PublicKey?) -> (place: Int, since: Int)? {
            entries.indices.compactMap { place in
                entries[place].holders.first { $0.source == source }.map { (place, $0.since) }
            }.min { $0.since < $1.since }
        }

        /// Takes its oldest from whoever holds most.
        private mutating func release(byMost measure: ((count: Int, bytes: Int)) -> (Int, Int)) {
            let sources = Set(entries.flatMap { $0.holders.map(\.source) })
            let most = sources.map { measure(held($0)) }.max { $0 < $1 }
            let holding = sources.filter { measure(held($0)) == most ?? (0, 0) }
            if let source = holding.min(by: { oldest($0)?.since ?? 0 < oldest($1)?.since ?? 0 }) { release(source) }
        }

        private mutating func release(_ source: PublicKey?) {
            guard let place = oldest(source)?.place else { return }
            entries[place].holders.removeAll { $0.source == source }
            if entries[place].holders.isEmpty { entries.remove(at: place) }
        }

        mutating func makeReady(_ fits: (Entry) -> Bool) {
            for place in entries.indices where entries[place].wait != nil && fits(entries[place]) {
                entries[place].wait = nil
            }
        }

        mutating func makeReady(waitingFor held: [DeltaID]) {
            // What waits for no others than those that are held or ready by that is ready as well.
            var there = Set(held)
            while let place = entries.firstIndex(where: {
                if case .gap(let ids) = $0.wait { there.isSuperset(of: ids) } else { false }
            }) {
                entries[place].wait = nil
                there.insert(entries[place].id)
            }
            for place in entries.indices {
                guard case .gap(let ids) = entries[place].wait else { continue }
                entries[place].wait = .gap(ids.filter { !held.contains($0) })
            }
        }

        mutating func takeReady() -> Set<Bytes32> {
            defer { entries.removeAll { $0.wait == nil } }
            return Set(entries.filter { $0.wait == nil }.map(\.key))
        }
    }

    @Test("whatever is put in and taken out, the pool holds what the spec says, and never more")
    func pool() async throws {
        try withSeed { generator in
            let sources: [PublicKey?] = try [nil] + (0..<6).map { try TestAuthors.signer("peer \($0)").publicKey }
            let deltas = try (0..<60).map { number in
                try SignedDelta(
                    pointers: [Pointer("a", .text(Text(String(repeating: "x", count: 1 << (number % 9) + number))))],
                    after: [],
                    timeCreated: Timestamp(number),
                    signer: TestAuthors.signer("author \(number % 3)")
                )
            }
            // Some wait for others that wait themselves.
            let ids = (0..<5).map { DeltaID(Bytes32(repeating: UInt8($0))) } + deltas.prefix(20).map(\.id)
            func held(by pool: DeferredPool) -> Set<Bytes32> {
                var pool = pool
                pool.makeReady { _ in true }
                pool.makeReady(dueAt: .max)
                pool.makeReady(waitingFor: ids)
                var held: Set<Bytes32> = []
                while case let part = pool.takeReady(weighing: .max), !part.isEmpty {
                    held.formUnion(part.map { SHA256.hash($0.bytes) })
                }
                return held
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
                        let held = Array(ids.shuffled(using: &generator).prefix(3))
                        pool.makeReady(waitingFor: held)
                        model.makeReady(waitingFor: held)
                    case 1:
                        let now = Timestamp.random(in: 0..<10, using: &generator)
                        pool.makeReady(dueAt: now)
                        model.makeReady { if case .due(let due) = $0.wait { due <= now } else { false } }
                    case 2:
                        let author = deltas[Int.random(in: deltas.indices, using: &generator)].author
                        let theirs = Set(deltas.filter { $0.author == author }.map(\.id))
                        pool.makeReady { $0 == author }
                        model.makeReady { if case .trust = $0.wait { theirs.contains($0.id) } else { false } }
                    case 3:
                        var taken: [Submission] = []
                        while case let part = pool.takeReady(weighing: 4_000), !part.isEmpty {
                            #expect(part.allSatisfy { $0.source == part[0].source })
                            #expect(part.count == 1 || part.reduce(0) { $0 + $1.weight } <= 4_000)
                            taken += part
                        }
                        let holders = Dictionary(
                            uniqueKeysWithValues: model.entries.map { ($0.key, $0.holders.map(\.source)) }
                        )
                        for one in taken { #expect(one.sources == holders[SHA256.hash(one.bytes)]) }
                        #expect(Set(taken.map { SHA256.hash($0.bytes) }) == model.takeReady())
                        #expect(!pool.hasReady)
                    default:
                        let delta = deltas[Int.random(in: deltas.indices, using: &generator)]
                        let number = Int.random(in: 1...2, using: &generator)
                        let brought = Array(sources.shuffled(using: &generator).prefix(number))
                        let wait: DeferredPool.Wait =
                            switch Int.random(in: 0..<3, using: &generator) {
                            case 0: .trust
                            case 1: .gap(Array(ids.shuffled(using: &generator).prefix(2)))
                            default: .due(Timestamp.random(in: 0..<10, using: &generator))
                            }
                        pool.insert(delta, of: brought, waitingFor: wait)
                        model.insert(delta, brought, wait)
                    }
                    #expect(pool.count == model.entries.count)
                    #expect(pool.bytes == model.entries.map(\.size).reduce(0, +))
                    #expect(pool.count <= limits.deltas && pool.bytes <= limits.bytes)
                    #expect(held(by: pool) == Set(model.entries.map(\.key)))
                }
            }
        }
    }

    @Test("inserting and taking without end doesn't fill memory")
    func poolStaysSmall() throws {
        let delta = try Deltas.make("stranger")
        let kept = try Deltas.make("stranger", 2)
        var pool = DeferredPool()
        pool.insert(kept, of: [nil], waitingFor: .trust)
        for _ in 0..<20_000 {
            pool.insert(delta, of: [nil], waitingFor: .due(0))
            pool.makeReady(dueAt: 0)
            #expect(pool.takeReady(weighing: 1 << 20).count == 1)
        }
        #expect(pool.count == 1)
    }
}
