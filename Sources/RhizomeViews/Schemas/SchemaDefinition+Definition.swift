public import Bytes
internal import RhizomeCore
internal import StrictJSON

extension SchemaDefinition: Definition {
    /// `_schema`.
    public static let localContext = ControlName.schema
    /// What people call one.
    public static let kind = "schema"

    /// Refuses what isn't 1 to 64 of A-Z, a-z, 0-9, `.`, `_` and `-`.
    public static func checkName(_ name: Text) throws(FieldError) { try DefinitionName.check(name, kind: kind) }

    /// Refuses what names no schema: NAME, or NAME@did for another's.
    static func checkReferred(_ name: Text, _ field: String) throws(FieldError) {
        let parts = name.utf8.split(separator: UInt8(ascii: "@"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, DefinitionName.isPlain(first), parts.count == 1 || !parts[1].isEmpty else {
            throw FieldError(.value, field: field, "a schema is called by its name, another's by NAME@did")
        }
    }

    /// Reads a document as it is stored.
    public init(stored text: Text) throws {
        guard text.count <= Self.mostBytes else {
            throw FieldError(.limit, field: "", "a schema has at most \(Self.mostBytes) bytes of JSON")
        }
        do {
            try self.init(json: try JSONValue(parsing: Array(text.utf8), limits: JSONLimits(bytes: Self.mostBytes)))
        } catch let error as SchemaError {
            throw FieldError(error)
        }
    }

    /// The parsed parts, rules and patterns, which take many times their texts: a step of a pattern takes 32 bytes.
    public var approximateBytes: Int {
        let patterns = properties.count { $0.limits.pattern != nil }
        return 1_000 * (properties.count + relations.count) + (64 << 10) * patterns + 23 * json.encoded.count
    }
}

extension FieldError {
    /// What is wrong with a schema, at its place.
    public init(_ error: SchemaError) {
        switch error {
        case .unknownType(let property):
            let kinds = SchemaProperty.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            self.init(.type, field: "properties.\(property).type", "there is no such type; there are: \(kinds)")
        case .cycle(let names):
            let field = "properties.\(names.first ?? "").derived"
            self.init(.value, field: field, "properties can't be derived from each other in a circle")
        }
    }
}
