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
            Route(.get, "/api/deltas", query: .page, deltas),
            Route(.get, "/api/deltas/count", count),
            Route(.get, "/api/delta/ids", query: .page, ids),
            Route(.get, "/api/deltas/:delta", delta),
            Route(.post, "/api/deltas", contentTypes: [MediaTypes.json, MediaTypes.cbor], post),
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
        guard let id = DeltaID(hex: request.parameter("delta").string) else {
            throw APIError.badInput("a delta's id has 64 lower-case hex digits", field: "id")
        }
        guard let stored = try await database.log.deltas([id]).first else { throw APIError.notFound }
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
        let page = request.query.page
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
        let type = try ContentTypes.check(request.headers, allowed: [MediaTypes.json, MediaTypes.cbor])
        return type == MediaTypes.cbor ? try await submit(request.body) : try await write(request)
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
        var json: JSONObject = [
            "decision": .string(judgement.decision.name),
            "reason": judgement.decision.reason.map { .string($0) } ?? .null,
        ]
        if let id = judgement.id { json.append("id", id.json) }
        let status: HTTPResponse.Status
        switch judgement.decision {
        case .accept, .duplicate: status = .ok
        case .defer: status = .accepted
        case .reject:
            status = .unprocessableContent
            json.append("error", .string(judgement.message))
        }
        return .json(.object(json), status: status)
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
