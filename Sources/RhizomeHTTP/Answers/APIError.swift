internal import Bytes
internal import HTTPTypes
internal import RhizomeCore
internal import RhizomeNode
internal import RhizomeViews
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

    /// 503 with a code word and a sentence.
    static func unavailable(_ code: String, _ message: String) -> APIError {
        APIError(
            status: .serviceUnavailable,
            error: code,
            details: ["message": .string(message)],
            fields: [.retryAfter: "1"]
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

extension APIError {
    /// What an error of the modules below means over HTTP.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as JSONError: self.init(error, of: "the body")
        case let error as FieldError: self.init(error)
        case let error as JSONLogicError: self.init(error, field: "filter")
        case let error as WriteError: self.init(error)
        case let error as DeltaLogError: self.init(error)
        case let error as ViewError: self = .unavailable(error.code.rawValue, error.message)
        case is CancellationError: self = .unavailable("stopping", "this node is shutting down")
        default: self.init(status: .internalServerError, error: "internal")
        }
    }

    /// What is wrong with a rule: where in it, or which limit its evaluation reached.
    init(_ error: JSONLogicError, field: String) {
        self = .badInput(
            error.message,
            field: field,
            details: ["code": .string(error.code.rawValue), "pointer": .string(error.pointer)]
        )
    }

    /// - Parameter what: what should have been JSON.
    init(_ error: JSONError, of what: String) {
        var details: JSONObject = ["code": .string(error.code.rawValue)]
        if !error.path.isEmpty { details.append("field", .string(error.field)) }
        details.append("offset", .integer(Int64(error.offset)))
        details.append("line", .integer(Int64(error.line)))
        details.append("column", .integer(Int64(error.column)))
        self.init(status: .badRequest, error: "\(what) is not the JSON expected: \(error.message)", details: details)
    }

    private init(_ error: FieldError) {
        self = .badInput(error.message, field: error.field)
        details.append("code", .string(error.code.rawValue))
    }

    private init(_ error: WriteError) {
        switch error.code {
        case .clock, .disk: self = .unavailable(error.code.rawValue, error.message)
        case .content: self = .badInput(error.message)
        }
    }

    private init(_ error: DeltaLogError) {
        // What is stored is broken or of another time: that won't pass, but the word for it is the same.
        self = .unavailable(error.code == .locked ? "starting" : "disk", error.message)
    }
}
