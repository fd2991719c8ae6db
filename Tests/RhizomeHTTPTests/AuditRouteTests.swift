import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

@Suite struct AuditRouteTests {
    private let name =
        "{\"pointers\": [{\"localContext\": \"user\", \"target\": \"u1\", \"targetContext\": \"name\"},"
        + "{\"localContext\": \"name\", \"target\": \"Taliesin\"}]}"

    @Test("the last audit's summary is told, and whether anything came since")
    func lastAudit() async throws {
        let none = try await APIHarness().get("/api/audit")
        #expect(none.status == 404 && none["error"]?.text?.string.contains("rhizome-node audit") == true)
        let epochs = try await APIHarness()
        let epoch = Hex.encode(epochs.node.database.log.epoch)
        let api = try await APIHarness(lastAudit: {
            let summary: JSONValue = [
                "format": 1, "time": 1, "epoch": .string(epoch), "position": 0, "since": 0, "findingCount": 0,
                "authors": [],
            ]
            return summary.encoded
        })
        // Of another store: its positions mean nothing here.
        #expect(try await api.get("/api/audit")["isCurrent"] == .bool(epoch == Hex.encode(api.node.database.log.epoch)))
        #expect(try await api.get("/api/audit")["authors"] == [])
        _ = try await api.post(name)
        let later = try await api.get("/api/audit")
        #expect(later.status == 200 && later["isCurrent"] == false && later["position"] == 0)
    }

    @Test("of an author it is told what is held, and how it stands since when")
    func author() async throws {
        let api = try await APIHarness()
        let first = try await api.post(name)
        let last = try await api.post(name)
        let own = try await api.get("/api/audit/authors/\(api.node.identity.did)")
        #expect(own["deltas"] == 2 && own["trust"] == "own" && own["trustSince"] == .null)
        #expect(own["first"] == first["timeCreated"] && own["last"] == last["timeCreated"])
        #expect(own["heads"]?.array?.count == 1 && own["forks"] == [] && own["stalled"] == [])
        let bob = try TestAuthors.signer("bob").publicKey
        #expect(try await api.get("/api/audit/authors/\(bob.did)").status == 404)
        try api.node.state(.trust(bob, name: "bob"))
        let trusted = try await api.get("/api/audit/authors/\(bob.did)")
        #expect(trusted["trust"] == "trusted" && trusted["name"] == "bob" && trusted["deltas"] == 0)
        let entry = try #require(api.node.database.trust.entries[bob])
        #expect(trusted["trustSince"] == .integer(entry.time.microseconds))
        try api.node.state(.distrust(bob))
        #expect(try await api.get("/api/audit/authors/\(bob.did)")["trust"] == "distrusted")
        #expect(try await api.get("/api/audit/authors/nobody").status == 400)
    }

    @Test("a delta tells whether it holds, where it lies and by which statement it was let in")
    func testimony() async throws {
        let api = try await APIHarness()
        let own = try await api.get("/api/deltas/\(try #require(try await api.post(name)["id"]?.text))")
        #expect(own["verified"] == true && own["position"] == 1)
        #expect(own["trustStatement"] == .null && own["trusted"] == .null)
        let signer = try TestAuthors.signer("bob")
        try api.node.state(.trust(signer.publicKey, name: "bob"))
        let delta = try SignedDelta(
            pointers: [Pointer("a", .null)],
            after: [],
            timeCreated: api.node.time.now,
            signer: signer
        )
        _ = try await api.node.database.intake.submit([delta.bytes], from: signer.publicKey)
        let told = try await api.get("/api/deltas/\(delta.id)")
        let statement = try #require(api.node.database.trust.statements.last)
        #expect(told["receivedFrom"] == .string(signer.publicKey.did) && told["name"] == "bob")
        #expect(told["trustStatement"] == .string(Hex.encode(statement.id.array)))
        #expect(told["trusted"]?.object?["name"] == "bob")
        #expect(told["trusted"]?.object?["sequence"] == .integer(statement.sequence))
    }
}
