import Bytes
import RhizomeCore
import RhizomeProof
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@Suite struct ProofMakerTests {
    private static let entities: [Text] = ["e", "f"]
    private static let made: Timestamp = 1_800_000_000_000_000

    private static func perspective(using random: inout SeededGenerator, times: [Timestamp]) throws -> Perspective {
        let mod = try TestAuthors.signer("mod").publicKey
        let bob = try TestAuthors.signer("bob").publicKey
        let ann = try TestAuthors.signer("ann").publicKey
        let rule = try JSONLogicRule(JSONValue(parsing: Array(#"{">": [{"var": "pointers.length"}, 2]}"#.utf8)))
        var perspective =
            [
                Perspective(), Perspective(moderators: [mod]), Perspective(without: [bob]),
                Perspective(authors: [bob, ann]), Perspective(filters: [DeltaFilter(rule)]),
                Perspective(refusesForked: true), Perspective(asOf: times.randomElement(using: &random)),
            ].randomElement(using: &random) ?? Perspective()
        func resolver() -> StandardResolver { StandardResolver.allCases.randomElement(using: &random) ?? .all }
        perspective.resolvers = ResolverTable(["*": ["name": resolver(), "age": resolver()]])
        perspective.ranking = [mod, ann].shuffled(using: &random)
        // Who ranks is told by the order of authors: without that order a rank can't be claimed.
        if perspective.authors == nil { perspective.ranking = [] }
        return perspective
    }

    @Test("what is proved of random histories holds for whoever checks it, and says what the view shows")
    func histories() async throws {
        try await withSeedAsync { random in
            var proved = 0
            for _ in 0..<40 {
                let log = InMemoryDeltaLog()
                let deltas = try RandomHistory.deltas(about: Self.entities, isChained: true, using: &random)
                _ = try await log.append(deltas, cursors: [:])
                let perspective = try Self.perspective(using: &random, times: deltas.map(\.delta.header.timeCreated))
                let maker = ProofMaker(log: log, perspective: perspective, trusted: nil, maker: nil)
                var extent = ProofMaker.Extent()
                extent.isComplete = Bool.random(using: &random)
                extent.isShort = Bool.random(using: &random)
                extent.over = Int.random(in: 0..<5, using: &random)
                for entity in Self.entities {
                    let proof = try await maker.prove(entity, in: "user", extent: extent, made: Self.made)
                    guard let proof else { continue }
                    let verification = await ProofVerification.verify(try proof.encoded())
                    #expect(verification.isValid, "\(String(describing: verification.error))")
                    let view = try await EntityReader(log: log, perspective: perspective).entity(entity, in: "user")
                    for property in proof.claim.properties where view != nil {
                        #expect(property.json == view?.properties[property.name])
                    }
                    if let view { #expect(proof.claim.properties.count == view.properties.members.count) }
                    proved += proof.claim.properties.count
                }
            }
            #expect(proved > 0)
        }
    }

    /// A log of so many values of one property by one author.
    private static func log(of count: Int) async throws -> InMemoryDeltaLog {
        var maker = DeltaMaker()
        var deltas: [AdmittedDelta] = []
        for value in 0..<count {
            let pointers = [Pointer("user", entity: "e", targetContext: "p"), Pointer("p", .integer(Int64(value)))]
            deltas.append(try maker.delta("ann", pointers, after: deltas.suffix(1)))
        }
        let log = InMemoryDeltaLog()
        _ = try await log.append(deltas, cursors: [:])
        return log
    }

    @Test("a short proof claims nothing beyond the newest delta that it uses, others link to the log's head")
    func links() async throws {
        let log = try await Self.log(of: 20)
        let heads = try await log.heads(of: try TestAuthors.signer("ann").publicKey).map(\.id)
        var perspective = Perspective()
        perspective.resolvers = ResolverTable(["*": ["p": .firstWriteWins]])
        let maker = ProofMaker(log: log, perspective: perspective, trusted: nil, maker: nil)
        var extent = ProofMaker.Extent()
        extent.over = 0
        let whole = try #require(try await maker.prove("e", in: nil, extent: extent, made: Self.made))
        #expect(whole.deltas.count == 1 && whole.headers.count == 19)
        #expect(whole.claim.heads.map(\.ids) == [heads])
        extent.isShort = true
        let short = try #require(try await maker.prove("e", in: nil, extent: extent, made: Self.made))
        #expect(short.deltas.count == 1 && short.headers.isEmpty)
        #expect(short.claim.heads.map(\.ids) == [short.deltas.map(\.id)])
        extent.isComplete = true
        let complete = try #require(try await maker.prove("e", in: nil, extent: extent, made: Self.made))
        #expect(complete.deltas.count == 20 && complete.claim.isComplete)
        for proof in [whole, short, complete] { #expect(await ProofVerification.verify(proof).isValid) }
    }

    @Test("what only the maker knows, and what has no value, can't be proved")
    func unprovable() async throws {
        let log = try await Self.log(of: 2)
        let rule = try JSONLogicRule(JSONValue(parsing: Array(#"{"!": [{"var": "creatorName"}]}"#.utf8)))
        let petnames = ProofMaker(
            log: log,
            perspective: Perspective(filters: [DeltaFilter(rule)]),
            trusted: nil,
            maker: nil
        )
        await #expect(throws: ProofError(.unprovable, "")) {
            try await petnames.prove("e", in: nil, made: Self.made)
        }
        let maker = ProofMaker(log: log, perspective: Perspective(), trusted: nil, maker: nil)
        await #expect(throws: ProofError(.unprovable, "")) {
            try await maker.prove("e", in: nil, ["p", "q"], made: Self.made)
        }
        #expect(try await maker.prove("nobody", in: nil, made: Self.made) == nil)
    }
}
