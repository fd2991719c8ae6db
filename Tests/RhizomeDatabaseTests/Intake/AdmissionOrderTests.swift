import Bytes
import DatabaseTesting
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase

/// The rows of admission.md: the first that applies decides.
@Suite struct AdmissionOrderTests {
    private let peer: PublicKey

    init() throws {
        try SodiumLibrary.initialize()
        peer = try TestAuthors.signer("peer").publicKey
    }

    @Test("row 1: what is too large is refused before it is decoded, and so is what is no delta")
    func form() async throws {
        let bench = try IntakeBench()
        let delta = try Deltas.make()
        let decisions = try await bench.submit(
            [
                [UInt8](repeating: 0, count: DeltaLimits.signedBytes + 1),
                [],
                delta.bytes + [0],
                try Deltas.forged(sequence: 0, previous: [delta.id]),
                try Deltas.forged(sequence: 1, previous: []),
            ],
            from: peer
        )
        #expect(
            decisions == [
                .reject(.limit), .reject(.malformed), .reject(.malformed), .reject(.chain), .reject(.chain),
            ]
        )
        #expect(bench.ledger.counts(of: peer).rejections == [.limit: 1, .malformed: 2, .chain: 2])
        #expect(
            await bench.metric("rhizome_bad_input_total") == 5,
            "nobody but the sender can be blamed for what needs no key to make"
        )
        #expect(try await bench.log.stalls().isEmpty, "what contradicts itself was never verified")
    }

    @Test("row 1: an author that can't be an identity is malformed, not unknown")
    func unacceptableAuthor() async throws {
        let bench = try IntakeBench()
        let right = try Deltas.make()
        // The neutral element: of small order.
        let neutral: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
        let place = try #require(right.bytes.firstRange(of: right.author.bytes.array))
        var bytes = right.bytes
        bytes.replaceSubrange(place, with: neutral)
        #expect(try await bench.submit([bytes], from: peer) == [.reject(.malformed)])
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
    }

    @Test("row 2: what is held is a duplicate, whatever else is wrong with it by now")
    func duplicate() async throws {
        let bench = try IntakeBench()
        let delta = try Deltas.make()
        #expect(try await bench.submit(delta) == .accept)
        #expect(try await bench.submit(delta, from: peer) == .duplicate)
        #expect(try await bench.submit([delta.resigned], from: peer) == [.duplicate])
        #expect(try await bench.submit([delta.withBody(try Deltas.otherBody)], from: peer) == [.duplicate])
        try bench.stand("alice", .distrusted)
        #expect(try await bench.submit(delta, from: peer) == .duplicate)
        #expect(await bench.metric("rhizome_bad_input_total") == 0)
        #expect(try await bench.log.count() == 1)
    }

    @Test("row 3: a distrusted author is rejected and an unknown one put off before anything is verified")
    func standing() async throws {
        let bench = try IntakeBench(trusted: [])
        try bench.stand("mallory", .distrusted)
        let delta = try Deltas.make("mallory")
        let unknown = try Deltas.make("stranger")
        #expect(try await bench.submit([delta.resigned], from: peer) == [.reject(.distrusted)])
        #expect(try await bench.submit([unknown.resigned], from: peer) == [.defer(.unknownAuthor)])
        #expect(try await bench.log.count() == 0)
        #expect(await bench.metric("rhizome_bad_input_total") == 0)
    }

    @Test("row 4: the signature, then the body, before anything about the log")
    func verification() async throws {
        let bench = try IntakeBench()
        let first = try Deltas.make()
        try await bench.submit(first)
        let skipping = try SignedDelta(decoding: Deltas.forged(sequence: 5, previous: [first.id]))
        let other = try Deltas.otherBody
        let both = try SignedDelta(decoding: skipping.resigned).withBody(other)
        let decisions = try await bench.submit(
            [skipping.resigned, skipping.withBody(other), both, skipping.bytes],
            from: peer
        )
        #expect(
            decisions == [
                .reject(.signature), .reject(.bodyMismatch), .reject(.signature), .reject(.chain),
            ]
        )
        #expect(try await bench.log.stalls().map(\.id) == [skipping.id])
    }

    @Test("row 4: a body of the right hash and another size is a mismatch")
    func bodySize() async throws {
        let bench = try IntakeBench()
        let right = try Deltas.make()
        for count in [right.header.bodyCount - 1, right.header.bodyCount + 1, 0, .max] {
            let header = DeltaHeader(
                sequence: 0,
                previous: [],
                timeCreated: right.header.timeCreated,
                bodyHash: right.header.bodyHash,
                bodyCount: count
            )
            let statement = try TestAuthors.signer("alice").sign(header.payload, for: SignedDelta.purpose)
            let wire = SignedDelta.encoded(header: statement.encoded, body: right.bodyBytes)
            #expect(try await bench.submit([wire]) == [.reject(.bodyMismatch)])
        }
    }

    @Test("row 5: a previous by another author is a wrong chain, even beside one that isn't held")
    func foreignPrevious() async throws {
        let bench = try IntakeBench(trusted: ["alice", "bob"])
        let bobs = try Deltas.make("bob")
        let missing = try Deltas.make("alice", 77)
        try await bench.submit(bobs)
        let wire = try Deltas.forged(sequence: 1, previous: [bobs.id, missing.id])
        #expect(try await bench.submit([wire], from: peer) == [.reject(.chain)])
        #expect(bench.gaps.isEmpty)
    }

    @Test(
        "row 5: the sequence is one more than the greatest before it, and that decides before the time does",
        arguments: [1, 2, 4, Int64.max]
    )
    func sequence(sequence: Int64) async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(3)
        try await bench.submit(chain.map(\.bytes))
        let wire = try Deltas.forged(sequence: sequence, previous: [chain[2].id, chain[0].id], at: 0)
        #expect(try await bench.submit([wire], from: peer) == [.reject(.chain)])
        let right = try Deltas.forged(sequence: 3, previous: [chain[2].id, chain[0].id])
        #expect(try await bench.submit([right], from: peer) == [.accept])
    }

    @Test("row 6: what isn't held is waited for, whatever the time says, and is asked for")
    func gap() async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(2)
        let late = try Deltas.make("alice", 5, after: [chain[1]], at: Deltas.start + 7_200_000_000)
        #expect(try await bench.submit(late, from: peer) == .defer(.gap))
        let early = try Deltas.forged(sequence: 1, previous: [chain[0].id], at: 0)
        #expect(try await bench.submit([early], from: peer) == [.defer(.gap)])
        #expect(Set(bench.gaps.flatMap(\.missing)) == [chain[1].id, chain[0].id])
        #expect(bench.gaps.allSatisfy { $0.source == peer })
        // Once what was waited for is there, the rows that were not reached decide.
        #expect(try await bench.submit(chain.map(\.bytes), from: peer) == [.accept, .accept])
        try await eventually("both are judged again") {
            let counts = bench.ledger.counts(of: peer)
            return counts.rejections == [.timeOrder: 1] && counts.deferrals == [.gap: 2, .future: 1]
        }
        #expect(await bench.metric("rhizome_deferred_deltas") == 1)
    }

    @Test("row 7: the time is greater than that of every previous one, and that decides before the clock does")
    func timeOrder() async throws {
        let bench = try IntakeBench()
        let first = try Deltas.make()
        try await bench.submit(first)
        bench.time.now -= 10 * 3_600_000_000
        let same = try Deltas.forged(sequence: 1, previous: [first.id], at: first.header.timeCreated)
        #expect(try await bench.submit([same], from: peer) == [.reject(.timeOrder)])
        let later = try Deltas.forged(sequence: 1, previous: [first.id], at: first.header.timeCreated + 1)
        #expect(try await bench.submit([later], from: peer) == [.defer(.future)])
        #expect(try await bench.log.stalls().map(\.reason) == [.timeOrder])
    }

    @Test("row 8: five minutes ahead is accepted, a microsecond more waits until it is due")
    func future() async throws {
        let bench = try IntakeBench()
        let limit = bench.time.now + DeltaLimits.ahead
        let fits = try Deltas.make("alice", 1, at: limit)
        let waits = try Deltas.make("alice", 2, at: limit + 1)
        #expect(try await bench.submit(fits, from: peer) == .accept)
        #expect(try await bench.submit(waits, from: peer) == .defer(.future))
        try await bench.intake.takeUpDue()
        #expect(try await !bench.holds(waits))
        bench.time.now += 1
        try await bench.intake.takeUpDue()
        #expect(try await bench.holds(waits))
        #expect(await bench.metric("rhizome_deferred_deltas") == 0)
    }

    @Test("row 9: what is accepted is kept with its arrival, told of in order, and counted")
    func accepted() async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(3)
        #expect(try await bench.submit(chain.map(\.bytes), from: peer) == [.accept, .accept, .accept])
        let held = try await bench.log.deltas(after: 0, limit: 10)
        #expect(held.map(\.id) == chain.map(\.id))
        #expect(bench.accepted.map(\.position) == [1, 2, 3])
        for stored in held {
            #expect(stored.arrival.timeReceived == bench.time.now)
            #expect(stored.arrival.receivedFrom == peer)
            #expect(stored.arrival.trustStatement == IntakeBench.trustStatement)
        }
        #expect(bench.ledger.counts(of: peer).accepted == 3)
        #expect(bench.ledger.counts(of: nil) == DecisionCounts())
    }
}
