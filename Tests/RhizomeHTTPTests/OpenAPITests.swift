import Bytes
import HTTPTypes
import NIOHTTP1
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// The description of the API (spec: http.md).
@Suite struct OpenAPITests {
    @Test("the description names every route with its parameters, bodies and answers")
    func routes() async throws {
        let api = try await APIHarness()
        let answer = try await api.get("/api/openapi.json")
        #expect(answer.status == 200 && answer["openapi"] == "3.1.1")
        for route in api.api.table.routes {
            let path = try #require(answer["paths"]?.object?[Text(route.path.template)]?.object, "\(route.pattern)")
            let operation = try #require(path[Text(route.method.rawValue.lowercased())]?.object)
            let parameters = (operation["parameters"]?.array ?? []).map { [$0.object?["in"], $0.object?["name"]] }
            let stated = (route.path.parameters + route.parameters).map {
                [JSONValue.string($0.location.rawValue), .text($0.name)]
            }
            #expect(parameters == stated)
            let bodies = operation["requestBody"]?.object?["content"]?.object?.members.map(\.name.string) ?? []
            #expect(bodies == route.bodies.map(\.type))
            let statuses = Set(operation["responses"]?.object?.members.compactMap { Int($0.name.string) } ?? [])
            #expect(statuses == Set(route.answers.map(\.status.code)))
        }
        let ids = api.api.table.routes.flatMap { route in
            answer["paths"]?.object?[Text(route.path.template)]?.object?.members.map { $0.value.object?["operationId"] }
                ?? []
        }
        #expect(Set(ids).count == api.api.table.routes.count)
    }

    @Test("every reference in the description leads to a schema, and every schema is used")
    func references() async throws {
        let text = try await APIHarness().get("/api/openapi.json").text
        let document = try JSONValue(parsing: Array(text.utf8))
        let names = document.object?["components"]?.object?["schemas"]?.object?.members.map(\.name.string) ?? []
        let used = text.matches(of: /"\$ref":"#\/components\/schemas\/([A-Za-z]+)"/).map { String($0.1) }
        #expect(!names.isEmpty && Set(used) == Set(names))
    }
}
