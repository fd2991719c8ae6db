import Bytes
import RhizomeCore
import RhizomeIdentity

/// Writes deltas as a few hundred people would who keep notes about shared entities: really signed, really verified.
struct DeltaFactory: Sendable {
    private struct Author {
        let identity: Identity
        var head: Head?
    }

    static let authorCount = 300
    private static let start = Timestamp(microseconds: 1_735_689_600_000_000)

    private var authors: [Author] = []
    private var generator: LinearGenerator
    private let entityCount: Int
    private var time = Self.start

    /// Some of the authors, for one task.
    init(authors count: Int, entities: Int, seed: UInt64) throws {
        for _ in 0..<count { authors.append(Author(identity: try Identity.generate(), head: nil)) }
        entityCount = max(1, entities)
        generator = LinearGenerator(state: seed)
    }

    /// The next deltas: each author writes some dozen at a time.
    mutating func next(_ count: Int) throws -> [AdmittedDelta] {
        var batch: [AdmittedDelta] = []
        batch.reserveCapacity(count)
        while batch.count < count {
            let number = Int.random(in: 0..<authors.count, using: &generator)
            for _ in 0..<min(Int.random(in: 1...24, using: &generator), count - batch.count) {
                batch.append(try delta(by: number))
            }
        }
        return batch
    }

    /// One delta by each of so many authors, whose keys are forgotten: locked memory has no room for all of them.
    static func firsts(by count: Int) throws -> [AdmittedDelta] {
        var factory = try DeltaFactory(authors: 0, entities: count, seed: 7)
        return try (0..<count).map { _ in
            factory.authors = [Author(identity: try Identity.generate(), head: nil)]
            return try factory.delta(by: 0)
        }
    }

    private mutating func delta(by number: Int) throws -> AdmittedDelta {
        time = time + .milliseconds(1)
        let author = authors[number]
        let delta = try SignedDelta(
            pointers: pointers(),
            after: author.head.map { [$0] } ?? [],
            timeCreated: time,
            signer: author.identity
        )
        let link = DeltaLink(delta)
        authors[number].head = link.head
        // What a node does with a delta from a peer: decode what came, verify, fit.
        let received = try SignedDelta(decoding: delta.bytes)
        let verified = try VerifiedDelta.verify(received).get()
        let arrival = Arrival(timeReceived: time + .milliseconds(50), receivedFrom: delta.author, trustStatement: nil)
        let held = author.head.map { [$0.id: DeltaLink(author: delta.author, head: $0)] } ?? [:]
        guard case .admitted(let admitted) = Admission.fit(verified, held: held, arrival: arrival, now: time) else {
            throw BenchmarkError("a delta that fits was not admitted")
        }
        return admitted
    }

    private mutating func pointers() -> [Pointer] {
        // Some entities are written about far more than others.
        let share = Double.random(in: 0..<1, using: &generator)
        let entity = Int(share * share * Double(entityCount))
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<6:
            return [
                Pointer("user", entity: Text("user-\(entity)"), targetContext: "name"),
                Pointer("name", .text(Text("Taliesin number \(entity)"))),
            ]
        case 6..<8:
            return [
                Pointer("user", entity: Text("user-\(entity)"), targetContext: "age"),
                Pointer("age", .integer(Int64(entity % 100))),
            ]
        default:
            let other = Int.random(in: 0..<entityCount, using: &generator)
            return [
                Pointer("user", entity: Text("user-\(entity)"), targetContext: "friends"),
                Pointer("friend", entity: Text("user-\(other)"), targetContext: "friends"),
                Pointer("since", .integer(time.microseconds)),
            ]
        }
    }
}

/// Repeatable numbers (Knuth's MMIX).
struct LinearGenerator: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 33)
    }
}
