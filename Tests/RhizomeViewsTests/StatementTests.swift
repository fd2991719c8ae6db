import Bytes
import RhizomeCore
import RhizomeTesting
import StrictJSON
import Testing

@testable import RhizomeViews

/// What a delta says of an entity, in one pass over its pointers.
@Suite struct StatementTests {
    private static let names: [Text] = ["a", "b", "c", "d"]

    private func pointers(_ count: Int, using random: inout SeededGenerator) -> [Pointer] {
        (0..<count).map { index in
            let context = Self.names.randomElement(using: &random) ?? ""
            guard Bool.random(using: &random) else { return Pointer(context, .integer(Int64(index))) }
            let entity: Text = Bool.random(using: &random) ? "e" : "f"
            return Pointer(context, entity: entity, targetContext: Self.names.randomElement(using: &random) ?? "")
        }
    }

    @Test("few pointers and many, one property and all: the same statements, as the specification words them")
    func passes() throws {
        withSeed { random in
            for _ in 0..<500 {
                let delta = Fixture.delta(
                    "a",
                    at: 1,
                    pointers(Int.random(in: 1...2 * ViewedDelta.fewPointers, using: &random), using: &random)
                )
                let statements = delta.statements(of: "e")
                #expect(statements.map(\.property) == delta.properties(of: "e"), "\(random.seed)")
                for statement in statements {
                    let property = statement.property
                    #expect(statement == delta.statement(of: property, entity: "e"), "\(random.seed)")
                    #expect(statement.value == delta.value(of: property, entity: "e"), "\(random.seed)")
                    let first = delta.pointers.first { $0.target == .entity("e", targetContext: property) }
                    #expect(statement.localContext == first?.localContext, "\(random.seed)")
                }
            }
        }
    }

    @Test("a delta of 1,024 pointers is read once for all its properties, by any resolver and for a PUT")
    func wide() async throws {
        var maker = DeltaMaker()
        let names = (0..<512).map { Text("p\($0)") }
        let pointers = names.flatMap { name in
            [Pointer("user", entity: "e", targetContext: name), Pointer(name, .integer(1))]
        }
        let memory = InMemoryDeltaLog()
        let deltas = try (0..<8).map { _ in try maker.delta("ann", pointers) }
        _ = try await memory.append(deltas, cursors: [:])
        // A look for each property, its role and the end of its stream; the deltas themselves once.
        let log = WatchedLog(memory)
        let sums = ResolverTable(["*": Dictionary(uniqueKeysWithValues: names.map { ($0, .sum) })])
        let view = try await EntityReader(log: log, perspective: Perspective(resolvers: sums)).entity("e")
        #expect(view?.properties["p7"] == 8)
        #expect(log.readings.map(\.deltas) == [8])
        let put = try EntityPut(
            collection: "user",
            id: "e",
            properties: JSONObject(names.map { ($0, .integer(2)) })
        )
        #expect(try await EntityReader(log: log).current(for: put).last.count == 512)
        #expect(log.readings.last?.deltas == 1)
    }
}

extension JSONObject {
    fileprivate init(_ members: [(Text, JSONValue)]) {
        self.init()
        for (name, value) in members { append(name, value) }
    }
}
