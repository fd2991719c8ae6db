import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@Suite struct DeltaJSONTests {
    @Test("a delta's JSON says what the vectors' fields say, in delta.md's order")
    func vectors() throws {
        let file = try JSONValue(parsing: TestFiles.vectors("delta"))
        for vector in try #require(file.object?["cases"]?.array).compactMap(\.object) {
            let wire = try #require(vector["wire"]?.text.flatMap { Hex.decode($0.string) })
            let delta = try SignedDelta(decoding: wire)
            let json = delta.json
            for field in ["id", "sequence", "previous", "timeCreated", "pointers"] as [Text] {
                #expect(json[field] == vector[field])
            }
            #expect(json["creator"]?.text.flatMap { PublicKey(did: $0.string) } == delta.author)
            #expect(json["host"] == delta.body.host.map { .string($0.did) } ?? .null)
            #expect(
                json["signature"]?.text.flatMap { Base64.urlUnpadded.decode($0.string) } == delta.statement.signature
            )
            #expect(
                json.members.map(\.name) == [
                    "id", "creator", "host", "sequence", "previous", "timeCreated", "pointers", "signature",
                ]
            )
            let pointers = try [Pointer](json: try #require(json["pointers"]))
            #expect(pointers == delta.body.pointers)
            #expect(try JSONValue(parsing: JSONValue.object(json).encoded) == .object(json))
        }
    }

    @Test("a stored delta tells when it came, and by whom where a peer brought it")
    func stored() throws {
        var maker = DeltaMaker()
        let peer = try TestAuthors.signer("bob").publicKey
        for from in [nil, peer] {
            let delta = try maker.delta("ann", [Pointer("p", .integer(1))]).delta
            let arrival = Arrival(timeReceived: 42, receivedFrom: from, trustStatement: nil)
            let json = StoredDelta(delta: delta, position: 1, arrival: arrival).json
            #expect(json["timeReceived"] == 42)
            #expect(json["receivedFrom"] == from.map { .string($0.did) })
            #expect(json.count == (from == nil ? 9 : 10))
        }
    }

    @Test("pointers survive JSON with every kind of target")
    func roundTrip() throws {
        let pointers = [
            Pointer("a", .null), Pointer("b", .bool(false)), Pointer("c", .integer(.min)), Pointer("d", .float(1e300)),
            Pointer("e", .text("\u{e9}\0")), Pointer("f", .text("")), Pointer("g", entity: "x", targetContext: "y"),
        ]
        let json = JSONValue.array(pointers.map(\.json))
        #expect(try [Pointer](json: JSONValue(parsing: json.encoded)) == pointers)
    }

    @Test(
        "what is no list of pointers is refused, with the field",
        arguments: [
            ("{}", .type, ""), ("[]", .value, ""), ("[1]", .type, "[0]"), ("[{}]", .missing, "[0].localContext"),
            (#"[{"localContext":"a","target":1},{"localContext":"a"}]"#, .missing, "[1].target"),
            (#"[{"localContext":1,"target":1}]"#, .type, "[0].localContext"),
            (#"[{"localContext":"","target":1}]"#, .value, "[0].localContext"),
            (#"[{"localContext":"a","target":[]}]"#, .type, "[0].target"),
            (#"[{"localContext":"a","target":{}}]"#, .type, "[0].target"),
            (#"[{"localContext":"a","target":1,"targetContext":"b"}]"#, .type, "[0].target"),
            (#"[{"localContext":"a","target":null,"targetContext":"b"}]"#, .type, "[0].target"),
            (#"[{"localContext":"a","target":"","targetContext":"b"}]"#, .value, "[0].target"),
            (#"[{"localContext":"a","target":"x","targetContext":null}]"#, .type, "[0].targetContext"),
            (#"[{"localContext":"a","target":"x","targetContext":""}]"#, .value, "[0].targetContext"),
            (#"[{"localContext":"a","target":1,"creator":"b"}]"#, .unknown, "[0].creator"),
        ] as [(String, FieldError.Code, String)]
    )
    func refusals(json: String, code: FieldError.Code, field: String) throws {
        let value = try JSONValue(parsing: Array(json.utf8))
        let error = #expect(throws: FieldError.self) { try [Pointer](json: value) }
        #expect(error?.code == code)
        #expect(error?.field == field)
        #expect(error?.inside("pointers").field.hasPrefix("pointers") == true)
    }

    @Test("more pointers than a delta has, and longer names, are refused")
    func limits() throws {
        let one = Pointer("a", .integer(1)).json
        #expect(try [Pointer](json: .array(Array(repeating: one, count: 1_024))).count == 1_024)
        var error = #expect(throws: FieldError.self) {
            try [Pointer](json: .array(Array(repeating: one, count: 1_025)))
        }
        #expect(error?.code == .limit)
        let long = JSONValue.string(String(repeating: "\u{e9}", count: 513))
        error = #expect(throws: FieldError.self) {
            try [Pointer](json: [["localContext": "a", "target": long, "targetContext": "b"]])
        }
        #expect(error?.field == "[0].target")
        #expect(throws: Never.self) { try [Pointer](json: [["localContext": "a", "target": long]]) }
    }
}
