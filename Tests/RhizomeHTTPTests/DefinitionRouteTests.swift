import Bytes
import DatabaseTesting
import HTTPTypes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// What all kinds of definitions have over HTTP: versions, conditions, moments, and being taken back (spec: schemas.md,
/// "Names and storing").
@Suite struct DefinitionRouteTests {
    private static let path = "/api/contexts/review"

    /// The version that an answer tells.
    private static func tag(_ answer: Answer) throws -> String {
        try #require(answer.headers[.eTag])
    }

    @Test("an answer tells the version, which is the id of the delta that defines it")
    func version() async throws {
        let api = try await APIHarness()
        let put = try await api.put(Self.path, #"{"asOf": 1735689600000001}"#)
        let delta = try #require(try await api.node.memory.deltas(after: 0, limit: 10).last?.delta)
        #expect(try Self.tag(put) == "\"\(delta.id)\"")
        #expect(try Self.tag(try await api.get(Self.path)) == "\"\(delta.id)\"")
        // The same again is the same version.
        #expect(try Self.tag(try await api.put(Self.path, #"{"asOf": 1735689600000001}"#)) == "\"\(delta.id)\"")
    }

    @Test("who writes by an older version gets 412 with the one that counts, and nothing is written")
    func conditions() async throws {
        let api = try await APIHarness()
        let first = try Self.tag(try await api.put(Self.path, "{}", [("If-None-Match", "*")]))
        let second = try Self.tag(try await api.put(Self.path, #"{"asOf": 1735689600000001}"#, [("If-Match", first)]))
        let count = try await api.node.memory.count()
        let unknown = "\"\(String(repeating: "0", count: 64))\""
        for header in [("If-Match", first), ("If-None-Match", "*"), ("If-Match", unknown)] {
            let refused = try await api.put(Self.path, #"{"asOf": 1735689600000002}"#, [header])
            #expect(refused.status == 412)
            #expect(refused.json == ["error": "changed", "delta": .string(String(second.dropFirst().dropLast()))])
        }
        #expect(try await api.delete(Self.path, [("If-Match", first)]).status == 412)
        let missing = try await api.put("/api/contexts/other", "{}", [("If-Match", "*")])
        #expect(missing.status == 412)
        #expect(missing.json == ["error": "changed", "delta": .null])
        for header in [("If-Match", "review"), ("If-Match", "\"1\""), ("If-None-Match", second)] {
            #expect(try await api.put(Self.path, "{}", [header]).status == 400, "\(header)")
        }
        #expect(try await api.node.memory.count() == count)
        #expect(try await api.put(Self.path, "{}", [("If-Match", "\(first), \(second)")]).status == 200)
        #expect(try await api.put(Self.path, #"{"asOf": 1735689600000003}"#, [("If-Match", "*")]).status == 200)
    }

    @Test("versions are told newest first, in pages too, and the earlier ones are read as of their times")
    func versions() async throws {
        let api = try await APIHarness()
        var expected: [JSONValue] = []
        for number in 0..<5 {
            _ = try await api.put(Self.path, "{\"asOf\": \(1_735_689_600_000_000 + number)}")
            let delta = try #require(try await api.node.memory.deltas(after: 0, limit: 100).last?.delta)
            expected.append([
                "delta": delta.id.json, "creator": api.node.identity.json,
                "timeCreated": .integer(delta.header.timeCreated.microseconds),
            ])
        }
        let all = try await api.get(Self.path + "/versions")
        #expect(all.json == ["versions": .array(expected.reversed())])
        var next: String? = Self.path + "/versions?limit=2"
        var paged: [JSONValue] = []
        while let path = next {
            let page = try await api.get(path)
            paged += try #require(page["versions"]?.array)
            next = page.next
        }
        #expect(paged == expected.reversed())
        let time = try #require(expected[1].object?["timeCreated"]?.integer)
        let earlier: JSONValue = ["asOf": 1_735_689_600_000_001]
        #expect(try await api.get(Self.path + "?asOf=\(time)").json == earlier)
        let listed = try await api.get("/api/contexts?asOf=\(time)").json.array
        #expect(listed?.map { $0.object?["definition"] } == [earlier])
        #expect(try await api.get("/api/contexts/other/versions").status == 404)
    }

    @Test("without a limit all versions are told, however many there are")
    func manyVersions() async throws {
        let api = try await APIHarness()
        let count = 600
        for number in 0..<count { _ = try await api.put(Self.path, "{\"asOf\": \(1_735_689_600_000_000 + number)}") }
        let told = try #require(try await api.get(Self.path + "/versions")["versions"]?.array)
        let written = try await api.node.memory.deltas(after: 0, limit: 2 * count)
        #expect(told.map { $0.object?["delta"] } == written.reversed().map { $0.delta.id.json })
    }

    @Test("what is taken back is gone, with all that it meant before; another's can't be")
    func delete() async throws {
        let api = try await APIHarness()
        for number in 0..<3 { _ = try await api.put(Self.path, "{\"asOf\": \(1_735_689_600_000_000 + number)}") }
        let time = api.node.time.now
        api.node.time.now += 1_000_000
        let deleted = try await api.delete(Self.path)
        #expect(deleted.status == 200)
        // The transaction's size, and three negations.
        #expect(deleted["deltas"]?.array?.count == 4)
        for path in [Self.path, Self.path + "/versions"] { #expect(try await api.get(path).status == 404) }
        #expect(try await api.get("/api/contexts").json == [])
        #expect(try await api.delete(Self.path).status == 404)
        #expect(try await api.get(Self.path + "?asOf=\(time.microseconds)").status == 200)
        // It can be written anew.
        #expect(try await api.put(Self.path, "{}").status == 200)
        #expect(try await api.delete(Self.path)["deltas"]?.array?.count == 1)
        let ann = try TestAuthors.signer("ann").publicKey
        #expect(try await api.delete("/api/contexts/review%40\(ann.did)").status == 403)
    }
}
