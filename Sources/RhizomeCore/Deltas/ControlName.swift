public import Bytes

/// The names of pointers that steer views instead of describing entities (spec: views.md, "Negation", "Transactions").
public enum ControlName {
    /// The local context of a pointer to a negated delta.
    public static let negates: Text = "_negates"
    /// The target context of a pointer to a negated delta.
    public static let negatedBy: Text = "negated_by"
    /// The local context of a pointer to a transaction.
    public static let transaction: Text = "_transaction"
    /// The target context of a member's pointer to its transaction.
    public static let deltas: Text = "deltas"
    /// The target context of a size delta's pointer to its transaction, and the local context of the size.
    public static let size: Text = "size"

    /// The local context of a pointer to a key that is introduced (spec: meeting.md, "Introductions").
    public static let introduces: Text = "_introduces"
    /// The target context of a pointer to a key that is introduced.
    public static let introducedBy: Text = "introduced_by"

    /// The local context of a definition's pointer to the context that it defines.
    public static let context: Text = "_context"
    /// The same of a schema's (spec: schemas.md, "Names and storing").
    public static let schema: Text = "_schema"
    /// The same of a query's.
    public static let query: Text = "_query"
    /// The target context of these pointers, and the local context of the definition's text.
    public static let definition: Text = "definition"

    /// Whether a name begins with `_` and so is kept for control deltas.
    public static func isReserved(_ name: Text) -> Bool { name.utf8.first == UInt8(ascii: "_") }
}

extension [Pointer] {
    /// The pointers of a delta that negates another.
    public static func negation(of delta: DeltaID) -> [Pointer] {
        [Pointer(ControlName.negates, entity: Text(delta.description), targetContext: ControlName.negatedBy)]
    }

    /// The deltas that these would negate, each once.
    ///
    /// Targets that aren't ids are left out.
    public var negates: [DeltaID] {
        var ids: [DeltaID] = []
        var seen: Set<DeltaID> = []
        for pointer in self where pointer.localContext == ControlName.negates {
            guard let (id, context) = pointer.entity, context == ControlName.negatedBy else { continue }
            if let id = DeltaID(hex: id.string), seen.insert(id).inserted { ids.append(id) }
        }
        return ids
    }
}
