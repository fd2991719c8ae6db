internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeProof
internal import RhizomeViews
internal import StrictJSON

/// Who said what an entity is, and proofs of that for others.
struct AuthorshipRoutes {
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
        return .json(.object(json))
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
        let proof = try await maker.prove(
            request.parameter("id"),
            in: request.parameter("collection"),
            request.query.property.map { [$0] },
            extent: extent,
            made: database.clock.now
        )
        guard let proof else { throw APIError.notFound }
        return .bytes(try proof.encoded(), type: MediaTypes.cbor)
    }
}
