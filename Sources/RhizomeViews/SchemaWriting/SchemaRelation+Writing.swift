public import Bytes
public import RhizomeCore
public import StrictJSON

extension SchemaRelation {
    /// What a delta of the relation says that relates these (spec: schemas.md, "Relationships").
    ///
    /// - Parameters:
    ///   - values: by role an entity's id, a plain value, or an array of them where the role may have several.
    ///   - schema: how the relation's schema is called.
    /// - Throws: ``SchemaViolations``; ``FieldError`` for an id that can't be one, and where there is nothing to say.
    public func pointers(_ values: JSONObject, of schema: Text) throws -> [Pointer] {
        var pointers: [Pointer] = []
        var found: [SchemaViolations.Item] = []
        func note(_ role: Text, _ rule: SchemaProperty.Rule, _ value: JSONValue, _ expected: JSONValue) {
            found.append(.init(property: role, violation: .init(rule: rule, value: value, expected: expected)))
        }
        for member in values.members where places[member.name] == nil {
            note(member.name, .unexpected, member.value, .null)
        }
        for role in roles {
            let kind = JSONValue.string(role.kind.rawValue)
            let items = values[role.name].map { $0.array ?? [$0] } ?? []
            if items.isEmpty, role.isRequired { note(role.name, .required, .null, kind) }
            if items.count > 1, !role.isMany { note(role.name, .maxItems, .integer(Int64(items.count)), 1) }
            for item in items {
                guard role.kind.takes(item), let value = Value(item) else {
                    note(role.name, .type, item, kind)
                    continue
                }
                guard let context = role.context, case .text(let id) = value else {
                    pointers.append(Pointer(role.name, value))
                    continue
                }
                try FieldError.checkName(id, field: role.name.string)
                pointers.append(Pointer(role.name, entity: id, targetContext: context))
            }
        }
        guard found.isEmpty else {
            throw SchemaViolations(schema: schema, items: Array(found.prefix(SchemaViolations.most)))
        }
        guard !pointers.isEmpty else {
            throw FieldError(.missing, field: "", "a relation's delta has a role at least")
        }
        return pointers
    }
}
