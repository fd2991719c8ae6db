import Bytes
import HTTPTypes
import NIOHTTP1
import StrictJSON

@testable import RhizomeHTTP

/// The description of the API, against which every answer of the route tests is held.
struct APIDescription {
    /// Header fields that any answer may have.
    private static let plainFields: Set<String> = ["content-type", "content-length", "vary"]
    /// What is answered where no operation is described.
    private static let ofNoOperation: Set<Int> = [400, 401, 403, 404, 405, 417, 503, 505]

    private let document: JSONObject
    private let paths: [(parts: [Substring], item: JSONObject)]
    private var check: JSONSchemaCheck { JSONSchemaCheck(document: document) }

    init(_ document: JSONObject) {
        self.document = document
        paths = (document["paths"]?.object?.members ?? []).map {
            ($0.name.string.split(separator: "/"), $0.value.object ?? [:])
        }
    }

    /// What an answer has that isn't described, and what a request had that was taken nevertheless.
    func faults(of answer: Answer, to method: HTTPMethod, _ target: String, body: [UInt8]) -> [String] {
        guard let operation = operation(method, target) else {
            guard Self.ofNoOperation.contains(answer.status) else { return ["no such operation is described"] }
            return faults(answer.json, JSONSchema.error.json)
        }
        guard let response = operation["responses"]?.object?[Text("\(answer.status)")]?.object else {
            return ["the status \(answer.status) isn't described"]
        }
        let type = answer.headers[.contentType] ?? "none"
        guard let content = response["content"]?.object?[Text(type)]?.object else {
            return ["the type \(type) isn't described for the status \(answer.status)"]
        }
        var found = faults(answer.json, content["schema"]?.object ?? [:])
        for field in answer.headers where !Self.plainFields.contains(field.name.canonicalName) {
            if response["headers"]?.object?[Text(field.name.rawName)] == nil {
                found.append("the header field \(field.name) isn't described")
            }
        }
        if 200..<300 ~= answer.status, let body = try? JSONValue(parsing: body, limits: JSONLimits(bytes: 1 << 26)) {
            let content = operation["requestBody"]?.object?["content"]?.object?[Text(MediaTypes.json)]?.object
            found += faults(body, content?["schema"]?.object ?? [:]).map { "the body that was taken: \($0)" }
        }
        return found
    }

    private func faults(_ value: JSONValue, _ schema: JSONObject) -> [String] {
        schema.count == 0 ? [] : check.faults(of: value, by: .object(schema))
    }

    /// The first path that fits is meant, as in the table of routes.
    private func operation(_ method: HTTPMethod, _ target: String) -> JSONObject? {
        let name = method == .HEAD ? "get" : method.rawValue.lowercased()
        let parts = target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let path = paths.first { path in
            path.parts.count == parts.count && zip(path.parts, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        return path?.item[Text(name)]?.object
    }
}
