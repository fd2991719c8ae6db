internal import Bytes
internal import HTTPTypes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeProof
internal import RhizomeQueries
internal import RhizomeViews
internal import StrictJSON

extension APIError {
    /// What an error of the modules below means over HTTP.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as JSONError: self.init(error, of: "the body")
        case let error as FieldError: self.init(error)
        case let error as JSONLogicError: self.init(error, field: error.rule ?? "filter")
        case let error as DefinitionError: self.init(error)
        case let error as ReadLimit: self.init(error)
        case let error as SchemaViolations:
            self = .badInput(
                "schema",
                details: ["schema": .text(error.schema), "violations": .array(error.items.map(\.json))]
            )
        case let error as OthersValues: self.init(error)
        case let error as WriteError: self.init(error)
        case let error as DeltaLogError: self.init(error)
        case let error as ProofError: self = .badInput(error.message, details: ["code": .string(error.code.rawValue)])
        case let error as QueryFault:
            self.init(
                status: .badRequest,
                error: error.code.rawValue,
                details: ["at": .string(error.at), "message": .string(error.message)]
            )
        case let error as QueryLimit:
            self.init(
                status: .unprocessableContent,
                error: "limit",
                details: [
                    "limit": .string(error.code.rawValue), "most": .integer(Int64(error.most)),
                    "at": .string(error.at), "message": .string(error.message),
                ]
            )
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

    /// Which field is wrong, and how.
    init(_ error: FieldError) {
        self = .badInput(error.message, field: error.field)
        details.append("code", .string(error.code.rawValue))
    }

    private init(_ error: DefinitionError) {
        self = .badInput(
            error.message,
            field: error.kind,
            details: [
                "code": .string(error.code.rawValue), "name": .text(error.name.name),
                "creator": error.name.author.json, "delta": error.delta.json, "place": .string(error.field),
            ]
        )
    }

    private init(_ error: OthersValues) {
        self.init(
            status: .conflict,
            error: "others",
            details: [
                "property": .text(error.property), "values": .array(error.values),
                "creators": .array(error.creators.map(\.json)),
            ]
        )
    }

    private init(_ error: ReadLimit) {
        self.init(
            status: .unprocessableContent,
            error: "limit",
            details: [
                "limit": .string(error.code.rawValue), "most": .integer(Int64(error.most)),
                "message": .string(error.message),
            ]
        )
    }

    /// What a write that failed means; of `clock` also when it works again.
    init(_ error: WriteError) {
        switch error.code {
        case .clock, .disk:
            self = .unavailable(error.code.rawValue, error.message, retryAfter: error.wait ?? .seconds(1))
            if let time = error.writableAt { details.append("writableAt", .integer(time.microseconds)) }
        case .content: self = .badInput(error.message)
        }
    }

    private init(_ error: DeltaLogError) {
        switch error.code {
        case .busy: self = .unavailable("busy", error.message)
        case .locked: self = .unavailable("starting", error.message)
        // What is stored is broken or of another time: that won't pass, but the word for it is the same.
        default: self = .unavailable("disk", error.message)
        }
    }
}
