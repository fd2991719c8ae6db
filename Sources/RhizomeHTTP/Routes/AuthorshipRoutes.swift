internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import Locks
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeProof
internal import RhizomeViews
internal import StrictJSON

/// Who said what an entity is, and proofs of that for others.
struct AuthorshipRoutes {
    /// One at a time: each may take several times the 64 MiB that a proof may have.
    private static let proofs = Budget(limit: 1)

    let database: Database

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/\(Path.collection)/\(Path.id)/blame",
                "Who said what the entity is",
                query: [Query.limit] + Query.viewpoint,
                answers: [
                    .json("Of each property the deltas on which its value rests, and what else was said", .blame),
                    .notFound("No delta about the entity is visible"),
                ],
                blame
            ),
            Route(
                .get,
                "/api/\(Path.collection)/\(Path.id)/proof",
                "A proof of what the entity is, which others can check by themselves",
                query: [Query.property, Query.complete] + Query.viewpoint,
                answers: [
                    .bytes("The proof (spec: proof.md)", type: MediaTypes.cbor),
                    .notFound("Nothing is said of the entity that could be proved"),
                ],
                proof
            ),
        ]
    }

    @Sendable private func blame(_ request: APIRequest) async throws -> Response {
        let collection = request[Path.collection]
        let reader = try await database.reader(from: request.viewpoint)
        let blame = try await reader.blame(
            of: request[Path.id],
            in: collection,
            limit: request[Query.limit] ?? EntityBlame.words
        )
        guard let blame else { throw APIError.notFound }
        let json = BlameJSON(
            blame,
            in: collection,
            context: request.viewpoint.context,
            epoch: database.log.epoch,
            petname: { [database] in database.petname(of: $0) }
        )
        return try await .answering(BlameAnswer(json: json))
    }

    @Sendable private func proof(_ request: APIRequest) async throws -> Response {
        let maker = ProofMaker(
            log: database.log,
            perspective: try await request.viewpoint.perspective(of: database),
            trusted: database.trust.authors,
            maker: database.identity
        )
        var extent = ProofMaker.Extent()
        extent.isComplete = request[Query.complete] ?? false
        let busy = DeltaLogError(.busy, "another proof is being made; try again in some seconds")
        let bytes = try await Self.proofs.run(taking: 1, orThrow: busy) {
            // Not on the connection's event loop, where all its other connections are served.
            try await withTaskExecutorPreference(globalConcurrentExecutor) { [extent] in
                try await maker.prove(
                    request[Path.id],
                    in: request[Path.collection],
                    request[Query.property].map { [$0] },
                    extent: extent,
                    made: database.clock.now
                )?.encoded()
            }
        }
        guard let bytes else { throw APIError.notFound }
        return .bytes(bytes, type: MediaTypes.cbor)
    }
}

extension JSONSchema {
    fileprivate static let blame = object([
        "format": integer(1...1), "id": text, "collection": text, "context": text.orNull, "epoch": hex,
        "position": count,
        "properties": array(
            of: object(
                [
                    "property": text, "resolver": word(StandardResolver.allCases.map(\.rawValue)),
                    "because": array(of: word),
                    "over": array(
                        of: JSONSchema.wordFields.adding(["why": word(Overruling.allCases.map(\.rawValue))])
                    ),
                    "overCount": count,
                ],
                optional: ["value": any]
            )
        ),
    ]).named("Blame")

    /// What one delta says of a property.
    private static let word = wordFields.named("Word")
    private static let wordFields = object(
        ["delta": deltaID, "creator": did, "name": text.orNull, "timeCreated": time],
        optional: ["value": value]
    )
}
