import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements

/// Random logs of three authors with forks and merges, at times that meet: values of every kind, negations of any
/// delta, and transactions that may never be complete.
struct BranchingHistory {
    static let authors = ["ann", "bob", "mod"]
    static let entities: [Text] = ["e", "e", "T", "e\u{301}", "\u{e9}"]
    static let collections: [Text] = ["user", "user", "film", "_transaction"]
    private static let start: Timestamp = 1_735_689_600_000_000

    /// In an order in which they can be appended.
    private(set) var deltas: [AdmittedDelta] = []
    private var maker = DeltaMaker()
    private let values: [Value]

    init(using random: inout SeededGenerator) throws {
        let first = Int.random(in: 0..<Self.values.count, using: &random)
        values = Array((Self.values + Self.values)[first..<first + 4])
        for _ in 0..<Int.random(in: 1..<40, using: &random) {
            let author = Self.authors.randomElement(using: &random) ?? ""
            let previous = try previous(of: maker.author(author), using: &random)
            let time = previous.map { $0.timeCreated + 1 }.max() ?? Self.start
            let delta = try SignedDelta(
                pointers: pointers(using: &random),
                after: previous,
                timeCreated: time + Int64.random(in: 0..<3, using: &random),
                signer: TestAuthors.signer(author)
            )
            // The same words at the same moment are the same delta.
            if maker.made[delta.id] == nil { deltas.append(try maker.admit(delta)) }
        }
    }

    private func previous(of author: PublicKey, using random: inout SeededGenerator) -> [Head] {
        let log = deltas.map(\.delta).filter { $0.author == author }
        let followed = Set(log.flatMap(\.header.previous))
        let heads = log.filter { !followed.contains($0.id) }
        let previous =
            switch Int.random(in: 0..<12, using: &random) {
            case 0: [SignedDelta]()
            case 1: Array(log.shuffled(using: &random).prefix(1))
            case 2, 3: Array(heads.shuffled(using: &random).prefix(3))
            default: Array(log.suffix(1))
            }
        return previous.sorted { $0.id < $1.id }.map { DeltaLink($0).head }
    }

    private func pointers(using random: inout SeededGenerator) -> [Pointer] {
        var pointers: [Pointer] = []
        let transaction: Text = Bool.random(using: &random) ? "T" : "U"
        switch Int.random(in: 0..<14, using: &random) {
        case 0: pointers = .transaction(transaction, size: .random(in: 0..<3, using: &random))
        case 1:
            let size = Pointer("_transaction", entity: transaction, targetContext: "size")
            pointers = [size, Pointer("size", value(using: &random))]
        case 2, 3:
            for target in deltas.shuffled(using: &random).prefix(Int.random(in: 1..<3, using: &random)) {
                pointers += .negation(of: target.delta.id)
            }
        default: break
        }
        if pointers.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
            for _ in 0..<Int.random(in: 1..<3, using: &random) { pointers += assertion(using: &random) }
        }
        if Int.random(in: 0..<6, using: &random) == 0 {
            pointers.append(Pointer("_transaction", entity: transaction, targetContext: "deltas"))
        }
        return pointers
    }

    private func assertion(using random: inout SeededGenerator) -> [Pointer] {
        let collection = Self.collections.randomElement(using: &random) ?? ""
        // A property may be called as its collection.
        let property = (["name", "age", "age", "age", "user"] as [Text]).randomElement(using: &random) ?? ""
        let entity = Self.entities.randomElement(using: &random) ?? ""
        let subject = Pointer(collection, entity: entity, targetContext: property)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return [subject]
        case 1: return [subject, Pointer(property, entity: "\u{e9}", targetContext: "mentions")]
        default: return [subject, Pointer(property, value(using: &random))]
        }
    }

    /// Values of every kind, of which a history has few: so they meet.
    private static let values: [Value] = [
        .null, .bool(true), .bool(false), .text(""), .text("a"), .text("\u{e9}"), .text("e\u{301}"), .text("1"),
        .integer(.max), .integer(.min), .integer(1 << 60), .float(Double(1 << 60)), .float(0.1), .float(-2.5),
        .float(1e16), .float(.greatestFiniteMagnitude), .float(-.greatestFiniteMagnitude),
        .float(.leastNonzeroMagnitude),
    ]

    private func value(using random: inout SeededGenerator) -> Value {
        if Int.random(in: 0..<3, using: &random) == 0 { return .integer(.random(in: 0...1, using: &random)) }
        return values.randomElement(using: &random) ?? .null
    }
}
