internal import Bytes
internal import RhizomeViews

/// Names that are no collections and ids that are no entities' in `/api` (spec: http.md).
enum ReservedNames {
    private static let collections: Set<Text> = [
        "audit", "contexts", "delta", "deltas", "functions", "health", "html", "hyperview", "lossless", "metrics",
        "openapi.json", "peers", "proofs", "query", "schemas", "stream", "transaction", "trust",
    ]

    /// Reachable under `/api/lossless` only.
    static let ids: Set<Text> = ["ids", "count", "stream"]

    /// Whether a name can't be a collection's.
    static func isReserved(collection name: Text) -> Bool {
        collections.contains(name) || ControlName.isReserved(name)
    }

    /// Refuses to write to what is reserved.
    static func check(collection name: Text) throws(APIError) {
        guard !isReserved(collection: name) else {
            throw .badInput("this name is reserved and can't be a collection's", field: "collection")
        }
    }

    /// Refuses to write what couldn't be read.
    static func check(id: Text) throws(APIError) {
        guard !ids.contains(id) else { throw .badInput("this id is reserved", field: "id") }
    }
}
