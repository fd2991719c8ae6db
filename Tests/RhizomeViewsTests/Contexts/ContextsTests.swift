import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// What a name of a context means (spec: views.md, "Contexts").
@Suite struct ContextsTests {
    /// A log with its cache, and whose node it is.
    private final class Bench {
        let log = InMemoryDeltaLog()
        let cache = ViewCache()
        let own: PublicKey
        var maker = DeltaMaker()
        var excluded: Set<PublicKey> = []

        init() throws { own = try TestAuthors.signer("own").publicKey }

        var contexts: Definitions<ContextDefinition> {
            let excluded = excluded
            return Definitions<ContextDefinition>(
                log: log,
                own: own,
                without: Exclusion(number: excluded.hashValue) { excluded.contains($0.author) },
                cache: cache
            )
        }

        @discardableResult
        func append(by author: String = "own", _ pointers: [Pointer]) async throws -> AdmittedDelta {
            let delta = try maker.delta(author, pointers)
            cache.note(try await log.append([delta], cursors: [:]))
            return delta
        }

        @discardableResult
        func define(_ name: Text, by author: String = "own", _ json: Text) async throws -> AdmittedDelta {
            try await append(by: author, Self.definition(name, .text(json)))
        }

        static func definition(_ name: Text, _ value: Value) -> [Pointer] {
            [Pointer("_context", entity: name, targetContext: "definition"), Pointer("definition", value)]
        }

        func asOf(_ name: Text, by author: String = "own") async throws -> Timestamp? {
            try await contexts.definition(DefinitionName(name, by: maker.author(author)))?.definition.get().asOf
        }
    }

    @Test("a name means its author's last definition, and nobody else's")
    func last() async throws {
        let bench = try Bench()
        #expect(try await bench.contexts.definition(DefinitionName("mine", by: bench.own)) == nil)
        try await bench.define("mine", #"{"asOf":1}"#)
        #expect(try await bench.asOf("mine") == 1)
        try await bench.define("mine", #"{"asOf":2}"#)
        try await bench.define("mine", by: "ann", #"{"asOf":3}"#)
        try await bench.define("other", #"{"asOf":4}"#)
        #expect(try await bench.asOf("mine") == 2)
        #expect(try await bench.asOf("mine", by: "ann") == 3)
        #expect(try await bench.asOf("mine", by: "bob") == nil)
        #expect(try await bench.asOf("other") == 4)
    }

    @Test("of definitions of the same moment the one with the greatest id counts, in either order of arrival")
    func tie() async throws {
        for isReversed in [false, true] {
            let bench = try Bench()
            let texts: [Text] = [#"{"asOf":1}"#, #"{"asOf":2}"#]
            let signer = try TestAuthors.signer("own")
            let deltas = try texts.map { text in
                let pointers = Bench.definition("mine", .text(text))
                return try SignedDelta(pointers: pointers, after: [], timeCreated: 1_000, signer: signer)
            }
            for delta in isReversed ? deltas.reversed() : deltas {
                bench.cache.note(try await bench.log.append([try bench.maker.admit(delta)], cursors: [:]))
            }
            let winner: Timestamp = deltas[0].id < deltas[1].id ? 2 : 1
            #expect(try await bench.asOf("mine") == winner)
        }
    }

    @Test("a negated definition doesn't count, and the one before does again")
    func negated() async throws {
        let bench = try Bench()
        try await bench.define("mine", #"{"asOf":1}"#)
        let second = try await bench.define("mine", #"{"asOf":2}"#)
        try await bench.append(by: "ann", .negation(of: second.delta.id))
        #expect(try await bench.asOf("mine") == 2)
        let negation = try await bench.append(.negation(of: second.delta.id))
        #expect(try await bench.asOf("mine") == 1)
        try await bench.append(.negation(of: negation.delta.id))
        #expect(try await bench.asOf("mine") == 2)
    }

    @Test("a definition in an unfinished transaction doesn't count yet")
    func transaction() async throws {
        let bench = try Bench()
        try await bench.define("mine", #"{"asOf":1}"#)
        let member = Pointer("_transaction", entity: "T", targetContext: "deltas")
        try await bench.append([member] + Bench.definition("mine", .text(#"{"asOf":2}"#)))
        #expect(try await bench.asOf("mine") == 1)
        try await bench.append(.transaction("T", size: 1))
        #expect(try await bench.asOf("mine") == 2)
    }

    @Test("what trust keeps out defines nothing")
    func excluded() async throws {
        let bench = try Bench()
        try await bench.define("hers", by: "ann", #"{"asOf":1}"#)
        #expect(try await bench.asOf("hers", by: "ann") == 1)
        bench.excluded = [try bench.maker.author("ann")]
        #expect(try await bench.asOf("hers", by: "ann") == nil)
        #expect(try await bench.contexts.names(count: 10).names.isEmpty)
    }

    @Test("other deltas about an entity of that name define nothing")
    func otherDeltas() async throws {
        let bench = try Bench()
        try await bench.define("mine", #"{"asOf":1}"#)
        for pointers in [
            [Pointer("_context", entity: "mine", targetContext: "definition")],
            [Pointer("context", entity: "mine", targetContext: "definition"), Pointer("definition", .text("{}"))],
            [Pointer("_context", entity: "mine", targetContext: "name"), Pointer("definition", .text("{}"))],
            [Pointer("_context", .text("mine")), Pointer("definition", .text("{}"))],
            [
                Pointer("_context", entity: "mine", targetContext: "definition"),
                Pointer("definition", entity: "x", targetContext: "y"),
            ],
        ] { try await bench.append(pointers) }
        #expect(try await bench.asOf("mine") == 1)
    }

    @Test(
        "a definition that can't be used is an error with the place of the fault, and stands until there is another",
        arguments: [
            (.text(#"{"resolvers":{"user":{"age":"mode"}}}"#), "resolvers.user.age"),
            (.text(#"{"filter":{"and":[true,{"foo":1}]}}"#), "filter/and/1/foo"),
            (.text(#"{"authors":["ann"]}"#), "authors[0]"),
            (.text(#"{"asOf":1,"asOf":2}"#), "asOf"), (.text("{"), ""), (.integer(1), ""), (.null, ""),
            (.text(Text(String(repeating: "[", count: 100_000))), String(repeating: "[0]", count: 64)),
        ] as [(Value, String)]
    )
    func malformed(value: Value, field: String) async throws {
        let bench = try Bench()
        try await bench.define("mine", #"{"asOf":1}"#)
        let bad = try await bench.append(Bench.definition("mine", value))
        // The second time it is known.
        for _ in 0..<2 {
            let stored = try #require(try await bench.contexts.definition(DefinitionName("mine", by: bench.own)))
            let error = #expect(throws: DefinitionError.self) { try stored.definition.get() }
            #expect(error?.delta == bad.delta.id)
            #expect(error?.name == DefinitionName("mine", by: bench.own))
            #expect(error?.field == field)
        }
        try await bench.define("mine", #"{"asOf":3}"#)
        #expect(try await bench.asOf("mine") == 3)
    }

    @Test("what was parsed is kept, and read anew where the cache let it go")
    func kept() async throws {
        let bench = try Bench()
        let padding = Text(String(repeating: "x", count: 200_000))
        for index in 0..<40 {
            try await bench.define(Text("c\(index)"), Text(#"{"asOf":\#(index),"filter":"\#(padding)"}"#))
        }
        for index in 0..<40 { #expect(try await bench.asOf(Text("c\(index)")) == Timestamp(index)) }
        #expect(bench.cache.definitions.cost > 32 << 20)
        #expect(bench.cache.definitions.cost <= 64 << 20)
        #expect(try await bench.asOf("c0") == 0)
    }

    @Test("names come by their bytes, of one name one's own first, page after page, each once")
    func names() async throws {
        let bench = try Bench()
        var expected: [DefinitionName] = []
        let others = try ["ann", "bob"].map { ($0, try bench.maker.author($0)) }.sorted { $0.1 < $1.1 }
        for index in 0..<150 {
            let name = Text(index.isMultiple(of: 2) ? "\u{e9}\(index)" : "e\u{301}\(index)")
            if !index.isMultiple(of: 3) {
                try await bench.define(name, "{}")
                expected.append(DefinitionName(name, by: bench.own))
            }
            if index.isMultiple(of: 5) {
                for (label, key) in others {
                    try await bench.define(name, by: label, "{}")
                    try await bench.define(name, by: label, "[]")
                    expected.append(DefinitionName(name, by: key))
                }
            }
        }
        let gone = try await bench.define("gone", "{}")
        try await bench.append(.negation(of: gone.delta.id))
        // Stable: authors of a name stay in the order in which they were put.
        expected = expected.enumerated().sorted { ($0.1.name, $0.0) < ($1.1.name, $1.0) }.map(\.1)
        for count in [1, 7, 64, 1_000] {
            var read: [DefinitionName] = []
            var hasMore = true
            while hasMore {
                let page = try await bench.contexts.names(after: read.last, count: count)
                #expect(page.names.count == count || !page.hasMore)
                read += page.names
                hasMore = page.hasMore
            }
            #expect(read == expected)
        }
        let unknown = DefinitionName(expected[4].name, by: try bench.maker.author("nobody"))
        #expect(try await bench.contexts.names(after: unknown, count: 1).names.count == 1)
    }
}
