internal import Bytes
public import RhizomeCore
public import StrictJSON

extension Pointer {
    /// The JSON form: `{"localContext", "target", "targetContext"}`, the last one only for entities (spec: delta.md).
    public var json: JSONValue {
        switch target {
        case .value(let value): ["localContext": .text(localContext), "target": value.json]
        case .entity(let id, let context):
            ["localContext": .text(localContext), "target": .text(id), "targetContext": .text(context)]
        }
    }

    /// Reads the JSON form.
    ///
    /// - Throws: ``FieldError``: `missing`, `unknown`, `type`, and `value` or `limit` for names that delta.md doesn't
    ///   allow, with the field within the pointer.
    public init(json: JSONValue) throws(FieldError) {
        guard let members = json.object else { throw FieldError(.type, field: "", "a pointer is an object") }
        for member in members.members where !["localContext", "target", "targetContext"].contains(member.name) {
            throw FieldError(.unknown, field: member.name.string, "a pointer has no such field")
        }
        let localContext = try Self.name("localContext", members["localContext"])
        guard let target = members["target"] else {
            throw FieldError(.missing, field: "target", "a pointer has a target, null for one that clears")
        }
        if let context = members["targetContext"] {
            let context = try Self.name("targetContext", context)
            self.init(localContext, entity: try Self.name("target", target), targetContext: context)
        } else {
            guard let value = Value(target) else {
                throw FieldError(.type, field: "target", "a value is a text, a number, true, false or null")
            }
            self.init(localContext, value)
        }
    }

    /// A name or an entity id, 1 to 1,024 bytes.
    private static func name(_ field: String, _ json: JSONValue?) throws(FieldError) -> Text {
        guard let json else { throw FieldError(.missing, field: field, "a pointer has a \(field)") }
        guard let name = json.text else { throw FieldError(.type, field: field, "this is a text") }
        try FieldError.checkName(name, field: field)
        return name
    }
}

extension [Pointer] {
    /// Reads the pointers of a delta that is to be written.
    ///
    /// - Throws: ``FieldError``, its field from the array on: `[3].target`; `value` for none and `limit` for too many.
    public init(json: JSONValue) throws(FieldError) {
        guard let items = json.array else { throw FieldError(.type, field: "", "pointers are an array") }
        guard !items.isEmpty else { throw FieldError(.value, field: "", "a delta has at least one pointer") }
        guard items.count <= DeltaLimits.pointers else {
            throw FieldError(.limit, field: "", "a delta has at most \(DeltaLimits.pointers) pointers")
        }
        var pointers: [Pointer] = []
        for (index, item) in items.enumerated() {
            do { pointers.append(try Pointer(json: item)) } catch { throw error.inside("[\(index)]") }
        }
        self = pointers
    }
}
