import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomePeering

@Suite struct PeerHoldingsTests {
    private let bench: IntakeBench
    private let directory: PeerDirectory
    private let holdings: PeerHoldings
    private let peer: PublicKey

    init() throws {
        bench = try IntakeBench(trusted: ["alice", "bob"])
        peer = try TestAuthors.signer("peer").publicKey
        let owner = try Identity.generate()
        directory = PeerDirectory(own: owner.publicKey, clock: bench.time.clock)
        var list = TrustList(owner: owner.publicKey)
        for name in ["peer", "alice", "bob"] {
            let key = try TestAuthors.signer(name).publicKey
            try list.apply(.trust(key, name: name), signedBy: owner, now: bench.time.now)
        }
        holdings = PeerHoldings(
            log: bench.log,
            directory: directory,
            policy: ConnectionPolicy(
                trust: TrustInForce(list),
                clock: bench.time.clock,
                isPenalised: { _ in false },
                onAdmitted: { _ in }
            ),
            clock: bench.time.clock
        )
    }

    private func tell(_ heads: [SignedDelta], isCompared: Bool = true) {
        directory.update(peer) { entry in
            entry.isCompared = isCompared
            entry.heads = ToldHeads()
            for head in heads { entry.heads.add([head.id], of: head.author) }
        }
    }

    private func isHeld(_ delta: SignedDelta) async throws -> Bool {
        let stored = try #require(try await bench.log.deltas([delta.id]).first)
        return try await holdings.holders(of: stored) == [peer]
    }

    private func lag() async throws -> [Int64]? { try await holdings.lags()[peer].map { [$0.behind, $0.ahead] } }

    @Test("a head is held with all that comes before it, and nothing that comes after it")
    func chain() async throws {
        let chain = try Deltas.chain(5)
        try await bench.submit(chain.map(\.bytes))
        tell([chain[2]])
        for (index, delta) in chain.enumerated() { #expect(try await isHeld(delta) == (index <= 2)) }
        #expect(try await lag() == [0, 2])
        tell([])
        for delta in chain { #expect(try await !isHeld(delta)) }
        #expect(try await lag() == [0, 5])
        tell([], isCompared: false)
        #expect(try await lag() == nil, "nothing is known before all heads were compared")
    }

    @Test("of a fork a head tells of its own branch and of what is before the fork")
    func fork() async throws {
        let trunk = try Deltas.chain(2)
        let left = try Deltas.chain(3, after: [trunk[1]])
        let right = try [Deltas.make("alice", 100, after: [trunk[1]])]
        let merged = try Deltas.make("alice", 200, after: [left[2], right[0]])
        try await bench.submit((trunk + left + right).map(\.bytes))
        tell([left[2]])
        for delta in trunk + left { #expect(try await isHeld(delta)) }
        #expect(try await !isHeld(right[0]))
        #expect(try await lag() == [0, 1])
        tell([right[0]])
        for delta in trunk + right { #expect(try await isHeld(delta)) }
        for delta in left { #expect(try await !isHeld(delta)) }
        #expect(try await lag() == [0, 2])
        try await bench.submit(merged)
        tell([merged])
        for delta in trunk + left + right + [merged] { #expect(try await isHeld(delta)) }
        #expect(try await lag() == [0, 0])
    }

    @Test("a head that isn't held here counts for what is missing here, and tells nothing of what is missing there")
    func unknownHead() async throws {
        let chain = try Deltas.chain(4)
        try await bench.submit(chain[..<2].map(\.bytes))
        tell([chain[3]])
        #expect(try await lag() == [1, 0])
        #expect(try await !isHeld(chain[1]), "its place in the log can't be told")
        let stranger = try Deltas.make("stranger", 1)
        tell([chain[1], stranger])
        #expect(try await lag() == [0, 0], "who isn't in the list isn't wanted")
    }

    @Test("a log of more heads than a page has hides no author behind it", .timeLimit(.minutes(2)))
    func pages() async throws {
        let labels = try ["alice", "bob"].sorted { left, right in
            try TestAuthors.signer(left).publicKey < TestAuthors.signer(right).publicKey
        }
        let firsts = try (0...PeeringLimits.headsPage).map { try Deltas.make(labels[0], Int64($0)) }
        let chain = try Deltas.chain(3, by: labels[1])
        try await bench.submit((firsts + chain).map(\.bytes))
        tell([firsts[0], chain[0]])
        #expect(try await lag() == [0, 2])
    }

    @Test("of a log with more heads than are remembered of a peer nothing is told to be missing")
    func manyHeads() async throws {
        let firsts = try (0...ToldHeads.mostOfAuthor).map { try Deltas.make("alice", Int64($0)) }
        try await bench.submit(firsts.dropLast().map(\.bytes))
        tell([firsts[0]])
        #expect(try await lag() == [0, Int64(ToldHeads.mostOfAuthor) - 1])
        try await bench.submit(firsts.suffix(1).map(\.bytes))
        #expect(try await lag() == [0, 0])
    }

    @Test("what a peer pulled counts as held when it goes on, and not when it asks for it again")
    func pulled() async throws {
        let chain = try Deltas.chain(3)
        let author = chain[0].author
        try await bench.submit(chain.map(\.bytes))
        directory.noteHave([chain[0].id], of: author, at: peer)
        #expect(try await isHeld(chain[0]))
        directory.notePulled([chain[2].id], of: author, by: peer)
        #expect(try await !isHeld(chain[2]), "it may not have been kept")
        directory.noteHave([chain[0].id], of: author, at: peer)
        directory.noteProgress(of: peer)
        #expect(try await !isHeld(chain[2]), "it was asked for again")
        directory.notePulled([chain[2].id], of: author, by: peer)
        directory.noteProgress(of: peer)
        #expect(try await isHeld(chain[2]))
        for _ in 0..<3 {
            let ids = (0..<200).map { _ in DeltaID(.init(repeating: UInt8.random(in: 1...255))) }
            directory.notePulled(ids, of: author, by: peer)
            directory.noteProgress(of: peer)
        }
        #expect(directory[peer].heads[author].map { $0.count <= ToldHeads.mostOfAuthor } == true)
    }
}
