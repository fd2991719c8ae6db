internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// The deltas themselves, in order of acceptance; what is written here, and what is handed in.
struct DeltaRoutes {
    /// Bytes of deltas that are read from the log at once, about: what a stalled reader can hold.
    private static let batchBytes = 256 * 1024
    private static let largestBatch = 500

    let database: Database
    let peers: any PeerReporting

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/deltas",
                "The deltas that are held",
                query: Query.page,
                answers: [.page("The deltas, in order of acceptance", .array(of: .delta))],
                deltas
            ),
            Route(
                .get,
                "/api/deltas/count",
                "How many deltas are held",
                answers: [.json("A number", .count)],
                count
            ),
            Route(
                .get,
                "/api/delta/ids",
                "The ids of the deltas that are held",
                query: Query.page,
                answers: [.page("The ids, in order of acceptance", .ids(.deltaID))],
                ids
            ),
            Route(
                .get,
                "/api/deltas/\(Path.delta)",
                "One delta",
                answers: [
                    .json("The delta, and what is known of it here", .knownDelta),
                    .bytes("Its signed bytes", type: MediaTypes.cbor),
                    .notFound("It isn't held"),
                ],
                delta
            ),
            Route(
                .post,
                "/api/deltas",
                "Writes a delta by this node's identity from its pointers, or takes in signed ones by any authors",
                bodies: [.json(.object(["pointers": .pointers])), .delta, .deltas],
                answers: [
                    .json("It is durable", .delta, status: .created).with(.location, "Where the delta is told"),
                    .json(
                        "It is held already; of a sequence what was decided on each, in its order",
                        .either([
                            .judgement(["duplicate"]), .object(["decisions": .array(of: .judgement(Decision.names))]),
                        ])
                    ),
                    .json("It waits for others, in memory", .judgement(["defer"]), status: .accepted),
                    .error(
                        .unprocessableContent,
                        "It is refused",
                        .judgement(["reject"])
                    ),
                ],
                post
            ),
        ]
    }

    // MARK: - Reading

    @Sendable private func deltas(_ request: APIRequest) async throws -> Response {
        try await list(request) { .object($0.json) }
    }

    @Sendable private func ids(_ request: APIRequest) async throws -> Response {
        try await list(request, prefix: "{\"ids\":", suffix: "}") { .string($0.id.description) }
    }

    @Sendable private func count(_ request: APIRequest) async throws -> Response {
        return .json(.integer(try await database.log.count()))
    }

    @Sendable private func delta(_ request: APIRequest) async throws -> Response {
        guard let stored = try await database.log.deltas([request[Path.delta]]).first else { throw APIError.notFound }
        var response: Response
        if ContentTypes.prefersCBOR(request.headers) {
            response = .bytes(stored.delta.bytes, type: MediaTypes.cbor)
        } else {
            var json = stored.json
            for member in stored.testimony(by: database.trust).members { json.append(member.name, member.value) }
            json.append("heldBy", .array(try await peers.holders(of: stored).map(\.json)))
            response = .json(.object(json))
        }
        response.headers[.vary] = "Accept"
        return response
    }

    /// What is held at this moment, or a page of it, read from the log bit by bit.
    private func list(
        _ request: APIRequest,
        prefix: String = "",
        suffix: String = "",
        _ json: @escaping @Sendable (StoredDelta) -> JSONValue
    ) async throws -> Response {
        let page = request.page
        let log = database.log
        let first = try PageCursor.position(page.after, epoch: log.epoch)
        let count = try await log.count()
        // Positions are dense: where a page ends is known before it is read.
        let last = page.limit.map { min(count, first.addingReportingOverflow(Int64($0)).partialValue) } ?? count
        let list = JSONList(prefix: prefix, suffix: suffix) {
            var position = first
            // One to begin with, then as many as are likely to fit.
            var size = 1
            return {
                guard position < last else { return [] }
                let batch = try await log.deltas(after: position, limit: Int(min(Int64(size), last - position)))
                position = batch.last?.position ?? last
                let bytes = batch.reduce(1) { $0 + $1.delta.bytes.count }
                size = min(Self.largestBatch, size * 8, max(1, Self.batchBytes * batch.count / bytes))
                return batch.map(json)
            }
        }
        var response = list.response()
        if let limit = page.limit, last < count {
            response.linkToNext(request.target, limit: limit, after: .position(last, epoch: log.epoch))
        }
        return response
    }

    // MARK: - Writing

    @Sendable private func post(_ request: APIRequest) async throws -> Response {
        switch request.bodyType {
        case MediaTypes.cbor: try await submit(request.body)
        case MediaTypes.cborSequence: try await submit(sequence: request.body)
        default: try await write(request)
        }
    }

    /// Writes a delta by this node's identity.
    ///
    /// Who wrote it and when isn't the caller's to say: those fields are unknown here.
    private func write(_ request: APIRequest) async throws -> Response {
        let object = try request.object()
        for member in object.members where member.name != "pointers" {
            throw FieldError(.unknown, field: member.name.string, "there is no such field beside pointers")
        }
        guard let json = object["pointers"] else {
            throw FieldError(.missing, field: "pointers", "a delta is written from its pointers")
        }
        let pointers: [Pointer]
        do throws(FieldError) { pointers = try [Pointer](json: json) } catch { throw error.inside("pointers") }
        let written: [StoredDelta]
        do throws(WriteError) {
            written = try await database.write([Draft(pointers: pointers)])
        } catch {
            guard error.code == .content else { throw error }
            // Each by itself is right; it is all of them together.
            throw FieldError(.limit, field: "pointers", "they are too large: \(error.message)")
        }
        guard let stored = written.first else { preconditionFailure("a draft that was written gives a delta") }
        return .created(stored)
    }

    private func submit(_ wire: [UInt8]) async throws -> Response {
        let judgement = try await database.submit(wire)
        if let stored = judgement.stored { return .created(stored) }
        let status: HTTPResponse.Status =
            switch judgement.decision {
            case .accept, .duplicate: .ok
            case .defer: .accepted
            case .reject: .unprocessableContent
            }
        return .json(.object(judgement.json), status: status)
    }

    /// Takes in signed deltas in their order, as an import does: much cheaper than one by one.
    ///
    /// None of a sequence that isn't whole.
    private func submit(sequence bytes: [UInt8]) async throws -> Response {
        var sequence = SignedDeltaSequence()
        sequence.append(bytes)
        var wires: [[UInt8]] = []
        do throws(SignedDeltaSequence.Fault) {
            while let wire = try sequence.next() { wires.append(wire) }
            try sequence.finish()
        } catch {
            throw APIError.badInput("\(error); nothing of it was taken in", field: "body")
        }
        let judgements = try await database.submit(wires)
        return .json(["decisions": .array(judgements.map { .object($0.json) })])
    }
}

extension Response {
    /// 201 with a delta that was written.
    static func created(_ stored: StoredDelta) -> Response {
        var response = Response.json(.object(stored.json), status: .created)
        response.headers[.location] = "/api/deltas/\(stored.id)"
        return response
    }
}

extension JSONSchema {
    /// Who said something, where in the author's log, and when.
    static let deltaHead = object([
        "id": deltaID, "creator": did, "host": did.orNull, "sequence": count, "previous": array(of: deltaID),
        "timeCreated": time,
    ])
    private static let deltaFields = deltaHead.adding(
        ["pointers": pointers, "signature": text, "timeReceived": time],
        optional: ["receivedFrom": did]
    )
    /// A delta as it is listed (spec: delta.md, "JSON form").
    static let delta = deltaFields.named("Delta")

    /// A delta with what this node knows of it.
    fileprivate static let knownDelta = deltaFields.adding([
        "name": text.orNull, "position": count, "verified": boolean, "trustStatement": hex.orNull,
        "trusted": object(["sequence": count, "time": time, "name": text.orNull]).orNull,
        "heldBy": array(of: did),
    ]).named("KnownDelta")

    fileprivate static let pointers = array(of: pointer).with("minItems", 1)
        .with("maxItems", .integer(Int64(DeltaLimits.pointers)))

    /// A delta's pointer: to an entity where it has a target context, else a value.
    private static let pointer = either([
        object(["localContext": name, "target": value]),
        object(["localContext": name, "target": name, "targetContext": name]),
    ]).named("Pointer")

    /// What was decided on a delta that was handed in.
    fileprivate static func judgement(_ decisions: [String]) -> JSONSchema {
        object(
            ["decision": word(decisions), "reason": text.orNull],
            optional: ["id": deltaID, "error": text]
        )
    }
}

extension Judgement {
    /// What was decided: with a sentence on a refusal.
    fileprivate var json: JSONObject {
        var json: JSONObject = [
            "decision": .string(decision.name), "reason": decision.reason.map { .string($0) } ?? .null,
        ]
        if let id { json.append("id", id.json) }
        if case .reject = decision { json.append("error", .string(message)) }
        return json
    }
}
