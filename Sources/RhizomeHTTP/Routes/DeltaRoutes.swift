internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// The deltas themselves, in order of acceptance; what is written here, and what is handed in.
struct DeltaRoutes {
    let database: Database
    let peers: any PeerReporting

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/deltas",
                "The deltas that are held, or some of them",
                query: Query.page + Query.selection,
                answers: [
                    .page("The deltas; a page can have fewer than limit where few are meant", .array(of: .delta))
                ],
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
                .delete,
                "/api/deltas/\(Path.delta)",
                "Takes a delta back: writes one that negates it",
                query: [Query.context],
                answers: [
                    .json("The negation, durable", .delta, status: .created).with(.location, "Where it is told"),
                    .json("The negation that this node wrote before; nothing is written", .delta),
                    .notFound("It isn't held"),
                ],
                delete
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
        guard let selection = try selection(request) else { return try await list(request) { .object($0.json) } }
        return try await FoundDeltaList.response(to: request, selection, in: database.log)
    }

    /// Which deltas are asked for; all, in order of acceptance, where `nil`.
    private func selection(_ request: APIRequest) throws(APIError) -> DeltaSelection? {
        var selection = DeltaSelection()
        selection.author = try identity(request, Query.creator)
        selection.host = try identity(request, Query.host)
        selection.entity = request[Query.entity]
        selection.property = request[Query.ofProperty]
        selection.since = request[Query.createdAfter]
        selection.until = request[Query.createdBefore]
        if request[Query.order] == .created { selection.order = .created }
        return selection == DeltaSelection() ? nil : selection
    }

    private func identity(_ request: APIRequest, _ parameter: Parameter<Text>) throws(APIError) -> PublicKey? {
        guard let name = request[parameter] else { return nil }
        return try database.identity(asked: name.string, field: parameter.name.string)
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
            var batches = DeltaBatches(log)
            return {
                let batch = try await batches.next(after: position, upTo: last)
                position = batch.last?.position ?? last
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
        return created(written)
    }

    /// What was written of one draft.
    private func created(_ written: [StoredDelta]) -> Response {
        guard let stored = written.first else { preconditionFailure("a draft that was written gives a delta") }
        return .created(stored)
    }

    /// Takes back what this node's identity said, or, where it is a moderator of the context that is given, what anybody said.
    @Sendable private func delete(_ request: APIRequest) async throws -> Response {
        let id = request[Path.delta]
        guard let stored = try await database.log.deltas([id]).first else { throw APIError.notFound }
        let viewpoint = Viewpoint(context: request[Query.context])
        let own = database.identity
        let isModerator = try await viewpoint.perspective(of: database).moderators.contains(own)
        guard stored.delta.author == own || isModerator else {
            throw APIError.forbidden(
                "only its author takes a delta back, or a moderator of the context that ?context= names"
            )
        }
        let standing = try await database.reader(from: viewpoint).standing(of: id)
        if standing?.isNegated == true, let negation = standing?.negations.first(where: { $0.author == own }),
            let stored = try await database.log.deltas([negation.id]).first
        {
            return .json(.object(stored.json))
        }
        return created(try await database.write([Draft(pointers: .negation(of: id))]))
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
