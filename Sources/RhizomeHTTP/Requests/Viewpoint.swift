internal import Bytes
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedLog
internal import StrictJSON

/// Through whose eyes and as of when a read is to look: `?asOf=`, `?authors=`, `?without=`, `?filter=` (spec: http.md).
struct Viewpoint: Sendable {
    /// The moment as of which to look, µs since 1970.
    var asOf: Int64?
    /// Dids or petnames of those who alone count; everybody where `nil`.
    var authors: [String]?
    /// Dids or petnames of those who don't count.
    var without: [String] = []
    /// Which deltas count.
    var filter: JSONLogicRule?

    /// Whether this is how the node itself looks, now.
    var isOwn: Bool { asOf == nil && authors == nil && without.isEmpty && filter == nil }

    /// How a node looks from here.
    ///
    /// - Throws: 400 for somebody whom the node doesn't know by that name.
    func perspective(of node: some NodeService) async throws -> Perspective {
        let exclusion = try await node.exclusion()
        return Perspective(
            asOf: asOf,
            authors: try authors.map { try Self.identities($0, "authors", node) },
            without: try Self.identities(without, "without", node),
            filters: filter.map { [DeltaFilter($0, petname: node.petname)] } ?? [],
            isExcluded: exclusion.isExcluded
        )
    }

    private static func identities(
        _ names: [String],
        _ field: String,
        _ node: some NodeService
    ) throws(APIError) -> Set<PublicKey> {
        var identities: Set<PublicKey> = []
        for name in names {
            // A did names somebody whether or not the list does.
            guard let identity = PublicKey(typed: name) ?? node.identity(called: name) else {
                throw .badInput(
                    "nobody in the list goes by this name, and it is no did; see: rhizome-keys list --all",
                    field: field,
                    details: ["name": .string(name)]
                )
            }
            identities.insert(identity)
        }
        return identities
    }
}

extension NodeService {
    /// Reads entities as they are seen from there.
    func reader(from viewpoint: Viewpoint) async throws -> EntityReader {
        guard !viewpoint.isOwn else {
            return EntityReader(log: log, without: try await exclusion(), cache: views)
        }
        return EntityReader(log: log, perspective: try await viewpoint.perspective(of: self), cache: views)
    }
}
