package import Bytes
internal import RhizomeCore
package import StrictJSON

/// An entity that relates two others, to be written (spec: schemas.md, "Relationships").
package struct RelationshipPut: Sendable {
    private static let collection: Text = "relationships"
    private static let own: [Text] = ["source", "target", "type"]

    private let ends: [PlannedDelta]
    private let put: EntityPut

    /// - Throws: ``FieldError`` for names, ids and values that a PUT refuses, and `reserved` for `source`, `target` and
    ///   `type` among the properties.
    package init(
        id: Text,
        from source: Text,
        to target: Text,
        type: Text,
        properties: JSONObject
    ) throws(FieldError) {
        try FieldError.checkName(type, field: "type")
        guard !ControlName.isReserved(type) else {
            throw FieldError(.reserved, field: "type", "names that begin with _ are reserved")
        }
        for name in Self.own where properties[name] != nil {
            throw FieldError(.reserved, field: name.string, "this property says what is related")
        }
        var all: JSONObject = ["type": .text(type)]
        for member in properties.members { all.append(member.name, member.value) }
        put = try EntityPut(collection: Self.collection, id: id, properties: all)
        var ends: [PlannedDelta] = []
        for (name, end) in [("source", source), ("target", target)] as [(Text, Text)] {
            try FieldError.checkName(end, field: name.string)
            ends.append(
                PlannedDelta(pointers: [
                    Pointer(Self.collection, entity: id, targetContext: name),
                    Pointer(name, entity: end, targetContext: type),
                ])
            )
        }
        self.ends = ends
    }

    /// What is to be written, in this order, all or none.
    ///
    /// - Parameter transaction: a name that no transaction has.
    package func deltas(transaction: Text) -> [PlannedDelta] {
        (ends + put.changes(of: EntityPut.Current(last: [:], isReferenced: false))).together(in: transaction)
    }
}
