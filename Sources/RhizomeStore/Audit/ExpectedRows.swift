internal import Bytes
internal import RhizomeCore

/// What some deltas should have in the tables that find deltas, as sums.
struct ExpectedRows: Sendable {
    /// That a delta refers to an entity by a local context: of the first of an author that does, `collections` has a row.
    struct Reference: Sendable {
        /// The hash of (local context, author, entity).
        let key: Int64
        let position: Int64
    }

    /// Up to how many rows looking through them takes less than a set.
    private static let few = 16

    private let hashing: RowHashing
    private(set) var sums = IndexSums()
    /// By rising position.
    private(set) var references: [Reference] = []

    init(_ hashing: RowHashing) { self.hashing = hashing }

    /// Takes in where a delta is filed.
    mutating func add(_ id: DeltaID, at position: Int64, _ place: Place) {
        sums.ids &+= hashing.row(id.bytes.prefixNumber, position)
        sums.logs &+= hashing.row(place.author, place.sequence, position, place.branch)
    }

    /// Takes in what a delta says.
    ///
    /// - Parameter author: the number of who signed it.
    mutating func add(_ body: DeltaBody, author: Int64, moment: WordMoment, position: Int64) {
        let negated = body.pointers.negates
        if !negated.isEmpty {
            for prefix in Set(negated.map(\.bytes.prefixNumber)) {
                sums.negations &+= hashing.row(author, prefix, moment.number, position)
            }
        }
        let rows = body.references.map { reference in
            let entity = hashing.name(reference.entity)
            let key = hashing.row(hashing.name(reference.localContext), author, entity)
            references.append(Reference(key: key, position: position))
            // As for a property without a number: these bits are the rest of a role.
            let role = WordRole(property: 0, localContext: reference.localContext, hasValue: reference.hasValue)
            let roleHash = hashing.row(hashing.name(reference.property), role.number)
            return hashing.row(entity, author, roleHash, moment.number, position)
        }
        // A delta's local contexts of one class share a row.
        if rows.count > Self.few {
            for row in Set(rows) { sums.words &+= row }
        } else {
            for (place, row) in rows.enumerated() where !rows[..<place].contains(row) { sums.words &+= row }
        }
    }
}
