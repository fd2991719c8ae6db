import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// The JSON of contexts (spec: http.md, `/api/contexts`).
@Suite struct ContextDefinitionTests {
    private func parse(_ json: String) throws -> ContextDefinition {
        try ContextDefinition(json: JSONValue(parsing: Array(json.utf8)))
    }

    @Test("each part is optional, and a definition is written as it was read, its parts in one order")
    func parts() throws {
        let ann = try TestAuthors.signer("ann").publicKey
        let bob = try TestAuthors.signer("bob").publicKey
        let whole = try parse(
            """
            {"forked": "refuse", "asOf": 17, "resolvers": {"user": {"name": "all", "age": "max"}, "*": {}},
             "moderators": ["\(bob.did)"], "authors": ["\(bob.did)", "\(ann.did)", "\(bob.did)"],
             "filter": {"==": [{"var": "sequence"}, 0]}}
            """
        )
        #expect(whole.authors == .these([bob, ann, bob]))
        #expect(whole.moderators == [bob])
        #expect(whole.asOf == 17)
        #expect(whole.forked == .refuse)
        #expect(whole.resolvers == ResolverTable(["*": [:], "user": ["age": .max, "name": .all]]))
        let text = whole.json.description
        #expect(
            text == """
                {"filter":{"==":[{"var":"sequence"},0]},"authors":["\(bob.did)","\(ann.did)","\(bob.did)"],\
                "moderators":["\(bob.did)"],"resolvers":{"*":{},"user":{"age":"max","name":"all"}},"asOf":17,\
                "forked":"refuse"}
                """
        )
        for part in try #require(whole.json.object?.members) {
            let alone = JSONValue.object([part.name: part.value])
            #expect(try ContextDefinition(json: alone).json == alone)
        }
        #expect(try parse("{}").json == [:])
        #expect(try parse(#"{"authors": "all", "forked": "allow"}"#).json == ["authors": "all", "forked": "allow"])
    }

    @Test(
        "what a context doesn't have is refused with the way to it",
        arguments: [
            ("[]", "", .type), ("null", "", .type), (#"{"filters": true}"#, "filters", .unknown),
            (#"{"authors": null}"#, "authors", .type), (#"{"authors": "some"}"#, "authors", .type),
            (#"{"authors": [1]}"#, "authors[0]", .type), (#"{"authors": ["all"]}"#, "authors[0]", .value),
            (#"{"moderators": "all"}"#, "moderators", .type), (#"{"moderators": ["x"]}"#, "moderators[0]", .value),
            (#"{"resolvers": []}"#, "resolvers", .type), (#"{"resolvers": {"user": "max"}}"#, "resolvers.user", .type),
            (#"{"resolvers": {"": {}}}"#, "resolvers.", .value),
            (#"{"resolvers": {"user": {"": "max"}}}"#, "resolvers.user.", .value),
            (#"{"resolvers": {"user": {"age": 1}}}"#, "resolvers.user.age", .type),
            (#"{"resolvers": {"*": {"name": "all"}, "user": {"age": "mode"}}}"#, "resolvers.user.age", .value),
            (#"{"asOf": "17"}"#, "asOf", .type), (#"{"asOf": 1.5}"#, "asOf", .type),
            (#"{"asOf": null}"#, "asOf", .type),
            (#"{"forked": true}"#, "forked", .type), (#"{"forked": "maybe"}"#, "forked", .value),
        ] as [(String, String, FieldError.Code)]
    )
    func refused(json: String, field: String, code: FieldError.Code) throws {
        let error = try #require(throws: FieldError.self) { try parse(json) }
        #expect(error.code == code)
        #expect(error.field == field)
    }

    @Test("a name of more than 1,024 bytes is refused, one of as many is taken")
    func longNames() throws {
        let name = String(repeating: "n", count: 1_024)
        #expect(try parse(#"{"resolvers": {"\#(name)": {"\#(name)": "min"}}}"#).resolvers != nil)
        for json in [#"{"resolvers": {"\#(name)n": {}}}"#, #"{"resolvers": {"user": {"\#(name)n": "min"}}}"#] {
            #expect(try #require(throws: FieldError.self) { try parse(json) }.code == .limit)
        }
    }

    @Test("a filter that is no rule is refused with the way within it")
    func badRule() throws {
        let error = try #require(throws: JSONLogicError.self) { try parse(#"{"filter": {"and": [true, {"foo": 1}]}}"#) }
        #expect(error.code == .unknownOperator)
        #expect(error.pointer == "/and/1/foo")
        let many = "[" + Array(repeating: "1", count: JSONLogicRule.maximumValues).joined(separator: ",") + "]"
        #expect(try #require(throws: JSONLogicError.self) { try parse(#"{"filter": \#(many)}"#) }.code == .ruleSize)
    }

    @Test("as stored, authors are whole dids of keys that can be identities, and the time is a number")
    func stored() throws {
        let did = try TestAuthors.signer("ann").publicKey.did
        #expect(try ContextDefinition(stored: Text(#"{"authors":["\#(did)"]}"#)).authors != nil)
        let refused = [
            #"{"authors":["\#(did.dropFirst("did:key:".count))"]}"#, #"{"authors":["ann"]}"#,
            #"{"authors":["\#(did)x"]}"#,
            // Of small order.
            #"{"authors":["\#(PublicKey(Bytes32(repeating: 0)).did)"]}"#,
            #"{"asOf":"2026-01-31T12:00:00Z"}"#,
        ]
        for text in refused { #expect(throws: FieldError.self) { try ContextDefinition(stored: Text(text)) } }
        for text in ["", "{", #"{"asOf":1,"asOf":1}"#, "{} {}"] {
            #expect(throws: JSONError.self) { try ContextDefinition(stored: Text(text)) }
        }
    }

    @Test("petnames and times become dids and µs where whoever reads says what they mean")
    func typed() throws {
        let ann = try TestAuthors.signer("ann").publicKey
        let json: JSONValue = ["authors": ["ann"], "moderators": ["ann"], "asOf": "yesterday"]
        let definition = try ContextDefinition(
            json: json,
            identity: { $0 == "ann" ? ann : nil },
            time: { $0 == "yesterday" ? 5 : nil }
        )
        #expect(definition.json == ["authors": [ann.json], "moderators": [ann.json], "asOf": 5])
        #expect(try ContextDefinition(stored: Text(definition.json.description)) == definition)
    }

    @Test("definitions survive being written and read")
    func roundTrip() throws {
        let authors = try ["ann", "bob", "mod"].map { try TestAuthors.signer($0).publicKey }
        try withSeed { random in
            for _ in 0..<300 {
                let definition = try RandomContext.definition(authors: authors, times: .min ... .max, using: &random)
                let text = definition.json.description
                let read = try ContextDefinition(stored: Text(text))
                #expect(read == definition, "seed \(random.seed)")
                #expect(read.json.description == text, "seed \(random.seed)")
            }
        }
    }

    @Test("bytes that were changed anywhere are read or refused, never more")
    func mutated() throws {
        let did = try TestAuthors.signer("ann").publicKey.did
        let whole = Array(
            #"{"filter":{"==":[1,1]},"authors":["\#(did)"],"resolvers":{"*":{"a":"max"}},"asOf":1,"forked":"allow"}"#
                .utf8
        )
        for index in whole.indices {
            _ = try? ContextDefinition(stored: Text(String(decoding: whole[..<index], as: UTF8.self)))
            for bit in 0..<8 {
                var bytes = whole
                bytes[index] ^= 1 << bit
                guard let text = Text(utf8: bytes), let read = try? ContextDefinition(stored: text) else { continue }
                #expect(try ContextDefinition(stored: Text(read.json.description)) == read)
            }
        }
    }

    @Test("a collection's resolver wins over that of *, property by property")
    func resolvers() {
        let table = ResolverTable(["*": ["age": .min, "name": .all], "user": ["age": .max]])
        #expect(table.resolver(of: "age", in: "user") == .max)
        #expect(table.resolver(of: "name", in: "user") == .all)
        #expect(table.resolver(of: "age", in: "film") == .min)
        #expect(table.resolver(of: "age", in: nil) == .min)
        #expect(table.resolver(of: "height", in: "user") == nil)
        #expect(ResolverTable(["user": ["age": .max]]).resolver(of: "age", in: nil) == nil)
    }
}
