import Bytes
import HTTPTypes
import NIOHTTP1
import Testing

@testable import RhizomeHTTP

/// That what isn't described is found out, in whichever of the route tests it comes.
@Suite struct APIDescriptionTests {
    @Test(
        "an answer that isn't described is found out",
        arguments: [
            ("/api/health", 200, "application/json", "{}", "there is no"),
            ("/api/health", 302, "application/json", "{}", "the status 302"),
            ("/api/health", 200, "text/plain", "{}", "the type text/plain"),
            ("/api/deltas/count", 200, "application/json", "-1", "minimum"),
            ("/api/user/ids", 200, "application/json", #"{"ids": [1]}"#, ".ids[0]"),
            ("/api/user/ids", 200, "application/json", #"{"ids": [], "more": 1}"#, ".more: nothing may stand here"),
            ("/api/user/u1", 404, "application/json", #"{"error": "Not Found", "because": 1}"#, ".because"),
            ("/api/nowhere/at/all", 200, "application/json", "{}", "no such operation"),
        ]
    )
    func undescribed(_ path: String, _ status: Int, _ type: String, _ body: String, _ fault: String) async throws {
        let api = try await APIHarness()
        let answer = Answer(status: status, headers: [.contentType: type], body: Array(body.utf8))
        let faults = api.description.faults(of: answer, to: .GET, path, body: [])
        #expect(faults.contains { $0.contains(fault) }, "\(faults)")
    }

    @Test("a body that was taken and isn't described is found out, and a header field")
    func undescribedBody() async throws {
        let api = try await APIHarness()
        let entity = Array(#"{"id": "u1", "properties": {}}"#.utf8)
        let answer = Answer(status: 200, headers: [.contentType: MediaTypes.json, .eTag: "1"], body: entity)
        let faults = api.description.faults(of: answer, to: .PUT, "/api/user", body: Array(#"{"name": 1}"#.utf8))
        #expect(faults.count == 3, "\(faults)")
        let right = Answer(status: 200, headers: [.contentType: MediaTypes.json], body: entity)
        #expect(api.description.faults(of: right, to: .PUT, "/api/user", body: entity).isEmpty)
    }
}
