package import Bytes
internal import RhizomeCore

/// Names that are no collections and ids that are no entities' where entities are written (spec: http.md).
package enum ReservedNames {
    /// Words that the API itself uses where a collection's name stands.
    package static let collections: Set<Text> = [
        "audit", "blame", "collections", "contexts", "delta", "deltas", "functions", "health", "html", "hyperview",
        "lossless", "metrics", "openapi.json", "peers", "proofs", "queries", "query", "schemas", "status", "stream",
        "transaction", "trust", "ui",
    ]

    /// Reachable under `/api/lossless` only.
    package static let ids: Set<Text> = ["ids", "count", "stream"]

    /// Whether a name can't be a collection's.
    package static func isReserved(collection name: Text) -> Bool {
        collections.contains(name) || ControlName.isReserved(name)
    }

    /// Refuses to write to what is reserved.
    package static func check(collection name: Text) throws(FieldError) {
        guard !isReserved(collection: name) else {
            throw FieldError(
                .reserved,
                field: "collection",
                "this name is reserved and can't be a collection's"
            )
        }
    }

    /// Refuses to write what couldn't be read.
    package static func check(id: Text) throws(FieldError) {
        guard !ids.contains(id) else { throw FieldError(.reserved, field: "id", "this id is reserved") }
    }
}
