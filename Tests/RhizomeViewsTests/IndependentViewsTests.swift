import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// Our views against those that a Python program works out from the same deltas by the words of the specification.
@Suite struct IndependentViewsTests {
    /// A history, whose deltas trust keeps out, and what is read of it.
    private struct Case {
        var json: JSONObject
        var answers: [JSONValue] = []
        /// What each answer answers, for a failure's message.
        var readings: [JSONValue] = []
    }

    @Test("entities, histories, lossless views and lists are what the specification's words give, for random histories")
    func views() async throws {
        let rounds = TestSchedule.rounds(240, soak: 3_000)
        try await withSeedAsync { random in
            for _ in stride(from: 0, to: rounds, by: 60) {
                var cases: [Case] = []
                for _ in 0..<60 { cases.append(try await Self.makeCase(using: &random)) }
                let input: JSONValue = ["cases": .array(cases.map { .object($0.json) })]
                let script = TestFiles.root.path + "/Tests/IndependentViews/views.py"
                let outcome = try await BuiltCommand("python3", in: "/usr/bin").run(
                    [script],
                    input: input.description,
                    within: .seconds(600)
                )
                try #require(outcome.exitCode == 0, "\(outcome.errors)")
                let output = try JSONValue(parsing: Array(outcome.output.utf8), limits: JSONLimits(bytes: 16 << 20))
                let theirs = try #require(output.array?.map { $0.array ?? [] })
                try #require(theirs.map(\.count) == cases.map(\.answers.count))
                for (made, theirs) in zip(cases, theirs) {
                    for (index, theirs) in theirs.enumerated() where theirs.sorted != made.answers[index].sorted {
                        Issue.record(
                            """
                            seed \(random.seed): ours \(made.answers[index].sorted), \
                            theirs \(theirs.sorted), of \(made.readings[index]) in \(made.json)
                            """
                        )
                    }
                }
                // The histories show what they are for.
                let text = output.description
                for part in [#""entity":null"#, #""negated":true"#, #""isComplete":false"#, #""isListed":true"#] {
                    #expect(text.contains(part))
                }
            }
        }
    }

    private static func makeCase(using random: inout SeededGenerator) async throws -> Case {
        let history = try BranchingHistory(using: &random)
        let authors = try BranchingHistory.authors.map { try TestAuthors.signer($0).publicKey }
        let petnames = [authors[0]: "ann", authors[1]: "bob"]
        let log = InMemoryDeltaLog()
        _ = try await log.append(history.deltas, cursors: [:])
        // Whom trust keeps out, but for some deltas and all before them.
        var kept: [PublicKey: [DeltaID]] = [:]
        for author in authors where Int.random(in: 0..<6, using: &random) == 0 {
            let ids = history.deltas.map(\.delta).filter { $0.author == author }.map(\.id)
            kept[author] = Array(ids.shuffled(using: &random).prefix(Int.random(in: 0..<3, using: &random)))
        }
        var left: [PublicKey: Ancestry] = [:]
        for (author, ids) in kept { left[author] = try await log.ancestry(of: ids, author: author) }
        let exclusion = Exclusion(number: 0, kept: kept) { [left] delta in
            left[delta.author].map { !$0.contains(delta.id, sequence: delta.sequence) } ?? false
        }
        var made = Case(json: [
            "deltas": .array(history.deltas.shuffled(using: &random).map { .object($0.delta.json) }),
            "petnames": .object(object(petnames.map { ($0.key.did, .string($0.value)) })),
            "distrusted": .object(object(kept.map { ($0.key.did, .array($0.value.map(\.json))) })),
        ])
        let times = history.deltas.map(\.delta.header.timeCreated)
        let range = (times.min() ?? 0) - 1...(times.max() ?? 0)
        for _ in 0..<8 {
            var context = try RandomContext.definition(authors: authors, times: range, using: &random)
            var query = try RandomContext.definition(authors: authors, times: range, using: &random)
            // Else little is left for the resolvers.
            if Bool.random(using: &random) {
                context = try ContextDefinition(moderators: context.moderators, resolvers: context.resolvers)
                query = try ContextDefinition()
            }
            let entity = BranchingHistory.entities.randomElement(using: &random) ?? ""
            let collection = BranchingHistory.collections.randomElement(using: &random) ?? ""
            var asked = JSONObject()
            for name in ["asOf", "authors", "filter"] as [Text] {
                if let part = query.json.object?[name] { asked.append(name, part) }
            }
            if let without = query.moderators { asked.append("without", .array(without.map(\.json))) }
            var narrowing: Set<PublicKey>?
            if case .these(let authors) = query.authors { narrowing = Set(authors) }
            let perspective = Perspective(of: context, without: exclusion) { petnames[$0] }.narrowed(
                asOf: query.asOf,
                authors: narrowing,
                without: Set(query.moderators ?? []),
                filter: try asked["filter"].map { DeltaFilter(try JSONLogicRule($0)) { petnames[$0] } }
            )
            let reader = EntityReader(log: log, perspective: perspective)
            made.readings.append([
                "context": context.json, "query": .object(asked), "entity": .text(entity),
                "collection": .text(collection),
            ])
            made.answers.append([
                "entity": try await reader.entity(entity, in: collection)?.json ?? .null,
                "history": try await reader.historyJSON(of: entity),
                "lossless": try await reader.losslessPage(entity)?.json(log) ?? .null,
                "isListed": .bool(try await reader.collection(collection, count: 100).ids.contains(entity)),
            ])
        }
        made.json.append("readings", .array(made.readings))
        return made
    }

    private static func object(_ members: [(String, JSONValue)]) -> JSONObject {
        var object = JSONObject()
        for (name, value) in members { object.append(Text(name), value) }
        return object
    }
}

extension JSONValue {
    /// The same with the members of each object by the bytes of their names: the order of members means nothing.
    fileprivate var sorted: JSONValue {
        switch self {
        case .array(let items): return .array(items.map(\.sorted))
        case .object(let object):
            var sorted = JSONObject()
            for member in object.members.sorted(by: { $0.name < $1.name }) {
                sorted.append(member.name, member.value.sorted)
            }
            return .object(sorted)
        default: return self
        }
    }
}
