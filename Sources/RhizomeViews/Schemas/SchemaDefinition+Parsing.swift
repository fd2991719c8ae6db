internal import Bytes
internal import IRegexp
internal import RhizomeCore
public import StrictJSON

extension SchemaDefinition {
    private static let members: Set<Text> = ["description", "collection", "open", "properties", "relations"]

    /// Reads a document, and refuses what it doesn't know, so that none means less than it says.
    ///
    /// - Throws: ``FieldError`` with the way to the fault (`properties.age.min`), ``SchemaError``.
    public init(json: JSONValue) throws {
        let object = try SchemaObject(json, "", "a schema", members: Self.members)
        let relations = try object.entries("relations", most: Self.mostRelations) { name, value, field in
            try SchemaRelation(name, value, field)
        }
        let properties = try object.entries("properties", most: Self.mostProperties) { name, value, field in
            try SchemaProperty(name, value, field)
        }
        guard let properties else {
            throw FieldError(.missing, field: "properties", "a schema has properties, though it may be none: {}")
        }
        let names = Set((relations ?? []).map(\.name))
        for property in properties {
            if let relation = property.relation, !names.contains(relation) {
                throw FieldError(
                    .value,
                    field: "properties.\(property.name).relation",
                    "the schema has no relation of this name"
                )
            }
        }
        try self.init(
            json: json,
            description: try object.text("description"),
            collection: try object.name("collection"),
            isOpen: try object.flag("open") ?? true,
            properties: properties,
            relations: relations ?? []
        )
    }
}

/// A JSON object of a schema's document with the way to it.
private struct SchemaObject {
    private let object: JSONObject
    let field: String

    /// - Parameters:
    ///   - what: what it is, for people.
    ///   - members: what it may have.
    init(_ json: JSONValue, _ field: String, _ what: String, members: Set<Text>) throws(FieldError) {
        guard let object = json.object else { throw FieldError(.type, field: field, "\(what) is an object") }
        self.object = object
        self.field = field
        for member in object.members where !members.contains(member.name) {
            let known = members.map(\.string).sorted().joined(separator: ", ")
            throw FieldError(.unknown, field: way(to: member.name), "\(what) has \(known), nothing else")
        }
    }

    func way(to name: Text) -> String { field.isEmpty ? name.string : "\(field).\(name)" }

    subscript(name: Text) -> JSONValue? { object[name] }

    func error(_ code: FieldError.Code, _ name: Text, _ message: String) -> FieldError {
        FieldError(code, field: way(to: name), message)
    }

    func text(_ name: Text) throws(FieldError) -> Text? {
        guard let value = self[name] else { return nil }
        guard let text = value.text else { throw error(.type, name, "\(name) is a text") }
        return text
    }

    /// A text that deltas can have as a name.
    func name(_ name: Text) throws(FieldError) -> Text? {
        guard let text = try text(name) else { return nil }
        try FieldError.checkName(text, field: way(to: name))
        return text
    }

    func flag(_ name: Text) throws(FieldError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.bool else { throw error(.type, name, "\(name) is true or false") }
        return flag
    }

    func count(_ name: Text, most: Int64 = .max) throws(FieldError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let count = value.integer, (0...most).contains(count) else {
            let range = most == .max ? "of 0 or more" : "from 0 to \(most)"
            throw error(.value, name, "\(name) is a whole number \(range)")
        }
        return Int(count)
    }

    func number(_ name: Text) throws(FieldError) -> JSONValue? {
        guard let value = self[name] else { return nil }
        switch value {
        case .integer, .float: return value
        default: throw error(.type, name, "\(name) is a number")
        }
    }

    /// The members of an object, each read with the way to it.
    func entries<Entry>(
        _ name: Text,
        most: Int,
        _ read: (Text, JSONValue, String) throws -> Entry
    ) throws -> [Entry]? {
        guard let value = self[name] else { return nil }
        guard let entries = value.object else { throw error(.type, name, "\(name) are an object, by their names") }
        guard entries.count <= most else { throw error(.count, name, "there are at most \(most) \(name)") }
        return try entries.members.map { member in
            let field = "\(way(to: name)).\(member.name)"
            try FieldError.checkName(member.name, field: field)
            guard !ControlName.isReserved(member.name) else {
                throw FieldError(.reserved, field: field, "names that begin with _ are reserved")
            }
            return try read(member.name, member.value, field)
        }
    }
}

extension SchemaProperty {
    private static let members: Set<Text> = [
        "type", "role", "many", "required", "default", "resolver", "min", "max", "minLength", "maxLength", "minItems",
        "maxItems", "pattern", "oneOf", "schema", "levels", "inverse", "relation", "derived", "description",
    ]
    /// What each kind may have besides what all have.
    private static let particular: [Text: Set<Kind>] = [
        "min": [.any, .integer, .number], "max": [.any, .integer, .number], "minLength": [.any, .text],
        "maxLength": [.any, .text], "pattern": [.any, .text], "schema": [.reference], "levels": [.reference],
        "inverse": [.reference], "relation": [.relation],
    ]
    /// What a derived property may have.
    private static let derivedMembers: Set<Text> = ["derived", "type", "description"]
    /// What may not stand in a relation: deltas say it all.
    private static let relationMembers: Set<Text> = ["type", "relation", "required", "description"]
    /// Values to choose from at most.
    private static let mostChoices = 256
    /// Levels of references at most.
    private static let mostLevels: Int64 = 8

    fileprivate init(_ name: Text, _ json: JSONValue, _ field: String) throws {
        guard name != EntityPut.idProperty else {
            throw FieldError(.reserved, field: field, "id is the entity's id, not a property")
        }
        let object = try SchemaObject(json, field, "a property", members: Self.members)
        kind = try Self.kind(object, of: name)
        self.name = name
        description = try object.text("description")
        for (member, kinds) in Self.particular where object[member] != nil && !kinds.contains(kind) {
            let words = Kind.allCases.filter(kinds.contains).map(\.rawValue).joined(separator: ", ")
            throw object.error(.value, member, "only a property of these types has it: \(words)")
        }
        if object["derived"] != nil, let other = Self.members.subtracting(Self.derivedMembers).first(in: object) {
            throw object.error(.value, other, "a derived property has a type and a description besides, nothing else")
        }
        if kind == .relation {
            if let other = Self.members.subtracting(Self.relationMembers).first(in: object) {
                throw object.error(.value, other, "what a relation's deltas say is in the relation, not here")
            }
            guard object["relation"] != nil else { throw object.error(.missing, "relation", "it names a relation") }
        }
        role = try object.name("role") ?? name
        guard !ControlName.isReserved(role) else {
            throw object.error(.reserved, "role", "names that begin with _ are reserved")
        }
        isMany = try object.flag("many") ?? false
        isRequired = try object.flag("required") ?? false
        relation = try object.name("relation")
        resolver = try Self.resolver(object, isMany: isMany)
        derived = try object["derived"].map { json in
            do { return try DerivedRule(json, field: object.way(to: "derived")) } catch let error as JSONLogicError {
                throw object.error(
                    .value,
                    "derived",
                    "\(error.message)\(error.pointer.isEmpty ? "" : " (\(error.pointer))")"
                )
            }
        }
        reference =
            kind == .reference
            ? Reference(
                schema: try object.text("schema"),
                levels: try object.count("levels", most: Self.mostLevels) ?? 1,
                inverse: try object.name("inverse")
            ) : nil
        if let schema = reference?.schema { try SchemaDefinition.checkReferred(schema, object.way(to: "schema")) }
        limits = try Self.limits(object, kind: kind, isMany: isMany)
        defaultValue = object["default"]
        if let value = defaultValue {
            guard !isRequired else { throw object.error(.value, "default", "a required property has no default") }
            guard value != .null, violations(of: value).isEmpty else {
                throw object.error(.value, "default", "the default has to be a value that the property may have")
            }
        }
    }

    private static func kind(_ object: SchemaObject, of name: Text) throws -> Kind {
        guard let text = try object.text("type") else { return .any }
        guard let kind = Kind(rawValue: text.string) else { throw SchemaError.unknownType(property: name) }
        return kind
    }

    private static func resolver(_ object: SchemaObject, isMany: Bool) throws(FieldError) -> StandardResolver? {
        guard let name = try object.text("resolver") else { return isMany ? .all : nil }
        guard let resolver = StandardResolver(rawValue: name.string) else {
            throw object.error(.value, "resolver", StandardResolver.unknown)
        }
        guard !isMany || resolver == .all else {
            throw object.error(.value, "resolver", "of many values the resolver is all, and no other")
        }
        return resolver
    }

    private static func limits(_ object: SchemaObject, kind: Kind, isMany: Bool) throws(FieldError) -> ValueLimits {
        var limits = ValueLimits()
        limits.least = try object.number("min")
        limits.most = try object.number("max")
        limits.leastLength = try object.count("minLength")
        limits.mostLength = try object.count("maxLength")
        limits.leastItems = try object.count("minItems")
        limits.mostItems = try object.count("maxItems")
        for member in ["minItems", "maxItems"] as [Text] where object[member] != nil && !isMany {
            throw object.error(.value, member, "only a property of many values has it")
        }
        func check<Bound: Comparable>(_ least: Bound?, _ most: Bound?, _ member: Text) throws(FieldError) {
            if let least, let most, most < least {
                throw object.error(.value, member, "no value could be both: it is less than the other bound")
            }
        }
        try check(limits.leastLength, limits.mostLength, "maxLength")
        try check(limits.leastItems, limits.mostItems, "maxItems")
        if let least = limits.least.flatMap(Number.init), let most = limits.most.flatMap(Number.init),
            Number.compare(most, least) < 0
        {
            throw object.error(.value, "max", "no value could be both: it is less than the other bound")
        }
        if let pattern = try object.text("pattern") {
            do throws(IRegexpError) { limits.pattern = try IRegexp(pattern) } catch {
                throw object.error(.value, "pattern", "it is no pattern of I-Regexp (RFC 9485): \(error)")
            }
        }
        if let choices = object["oneOf"] {
            guard let values = choices.array, (1...mostChoices).contains(values.count) else {
                throw object.error(.count, "oneOf", "oneOf has 1 to \(mostChoices) values")
            }
            for (index, value) in values.enumerated() {
                guard value != .null, kind.takes(value) else {
                    let field = "\(object.way(to: "oneOf"))[\(index)]"
                    throw FieldError(.type, field: field, "it is no value of the property's type")
                }
            }
            limits.oneOf = values
        }
        return limits
    }
}

extension Set<Text> {
    /// The first of these names, by their bytes, that an object has.
    fileprivate func first(in object: SchemaObject) -> Text? { sorted().first { object[$0] != nil } }
}

extension SchemaRelation {
    private static let members: Set<Text> = ["roles", "description"]

    fileprivate init(_ name: Text, _ json: JSONValue, _ field: String) throws {
        let object = try SchemaObject(json, field, "a relation", members: Self.members)
        self.name = name
        description = try object.text("description")
        let roles = try object.entries("roles", most: SchemaDefinition.mostRelations) { role, value, field in
            try Role(role, of: name, value, field)
        }
        guard let roles, !roles.isEmpty else { throw object.error(.missing, "roles", "a relation has a role") }
        self.roles = roles
        places = Dictionary(uniqueKeysWithValues: roles.enumerated().map { ($1.name, $0) })
    }
}

extension SchemaRelation.Role {
    private static let members: Set<Text> = ["type", "context", "schema", "required", "many"]

    fileprivate init(_ name: Text, of relation: Text, _ json: JSONValue, _ field: String) throws {
        let object = try SchemaObject(json, field, "a role", members: Self.members)
        self.name = name
        let type = try object.text("type")
        let isEntity = object["context"] != nil || object["schema"] != nil || type == "reference"
        guard let kind = SchemaProperty.Kind(rawValue: type?.string ?? (isEntity ? "reference" : "any")),
            kind != .relation
        else { throw SchemaError.unknownType(property: name) }
        guard isEntity == (kind == .reference) else {
            throw object.error(.value, "type", "a role with a context or a schema is a reference")
        }
        self.kind = kind
        context = isEntity ? try object.name("context") ?? Text("\(name).\(relation)") : nil
        schema = try object.text("schema")
        if let schema { try SchemaDefinition.checkReferred(schema, object.way(to: "schema")) }
        isRequired = try object.flag("required") ?? false
        isMany = try object.flag("many") ?? false
    }
}
