internal import Bytes
internal import HTTPTypes
internal import StrictJSON

/// A request that isn't answered with what it asked for: `{"error": "what", …details}` (spec: http.md).
struct APIError: Error, Equatable {
    /// The status that fits.
    let status: HTTPResponse.Status
    /// What is wrong: a sentence, or one of the code words `clock`, `disk`, `starting`.
    let error: String
    /// What helps to put it right: the field, the offset, a sentence.
    var details: JSONObject = [:]
    /// Header fields that go with the status.
    var fields: HTTPFields = [:]

    /// 400: bad input, with the field where there is one.
    static func badInput(_ error: String, field: String? = nil, details more: JSONObject = [:]) -> APIError {
        var details = JSONObject()
        if let field { details.append("field", .string(field)) }
        for member in more.members { details.append(member.name, member.value) }
        return APIError(status: .badRequest, error: error, details: details)
    }

    /// 403: a request that another web page may be behind.
    static func forbidden(_ error: String) -> APIError { APIError(status: .forbidden, error: error) }

    /// 404.
    static let notFound = APIError(status: .notFound, error: "Not Found")

    /// 503 with a code word and a sentence, and when to try again (RFC 9110 §10.2.3, in whole seconds).
    static func unavailable(_ code: String, _ message: String, retryAfter wait: Duration = .seconds(1)) -> APIError {
        let (seconds, rest) = wait.components
        return APIError(
            status: .serviceUnavailable,
            error: code,
            details: ["message": .string(message)],
            fields: [.retryAfter: "\(max(1, rest > 0 ? seconds + 1 : seconds))"]
        )
    }

    /// 413, naming the limit.
    static func bodyTooLarge(limitBytes: Int) -> APIError {
        APIError(
            status: .contentTooLarge,
            error: "the body is too large",
            details: ["limitBytes": .integer(Int64(limitBytes))]
        )
    }

    /// The body of the answer.
    var json: JSONValue {
        var object: JSONObject = ["error": .string(error)]
        for member in details.members { object.append(member.name, member.value) }
        return .object(object)
    }
}
