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
    /// To write a word as JSON takes about as long.
    private static let wordMicroseconds = 5

    let database: Database

    var routes: [Route] {
        [
            Route(.get, "/api/:collection/:id/blame", query: [.limit, .viewpoint], blame),
            Route(.get, "/api/:collection/:id/proof", query: [.proof, .viewpoint], proof),
        ]
    }

    @Sendable private func blame(_ request: APIRequest) async throws -> Response {
        let collection = request.parameter("collection")
        let reader = try await database.reader(from: request.query.viewpoint)
        let blame = try await reader.blame(
            of: request.parameter("id"),
            in: collection,
            limit: request.query.page.limit ?? EntityBlame.words
        )
        guard let blame else { throw APIError.notFound }
        let json = blame.json(
            in: collection,
            context: request.query.viewpoint.context,
            epoch: database.log.epoch,
            petname: database.petname
        )
        let words = blame.properties.reduce(0) { $0 + $1.because.count + $1.over.count }
        let encoded = await LongComputing.shared.run(cost: Self.wordMicroseconds * words) {
            JSONValue.object(json).encoded
        }
        return .json(encoded: encoded)
    }

    @Sendable private func proof(_ request: APIRequest) async throws -> Response {
        let maker = ProofMaker(
            log: database.log,
            perspective: try await request.query.viewpoint.perspective(of: database),
            trusted: database.trust.authors,
            maker: database.identity
        )
        var extent = ProofMaker.Extent()
        extent.isComplete = request.query.isComplete
        let busy = DeltaLogError(.busy, "another proof is being made; try again in some seconds")
        let bytes = try await Self.proofs.run(taking: 1, orThrow: busy) {
            // Not on the connection's event loop, where all its other connections are served.
            try await withTaskExecutorPreference(globalConcurrentExecutor) { [extent] in
                try await maker.prove(
                    request.parameter("id"),
                    in: request.parameter("collection"),
                    request.query.property.map { [$0] },
                    extent: extent,
                    made: database.clock.now
                )?.encoded()
            }
        }
        guard let bytes else { throw APIError.notFound }
        return .bytes(bytes, type: MediaTypes.cbor)
    }
}
