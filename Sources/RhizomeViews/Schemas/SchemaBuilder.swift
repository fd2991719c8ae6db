public import Bytes
internal import RhizomeCore
public import StrictJSON

/// Writes a schema in Swift (spec: schemas.md, "The document").
///
///     let user = try SchemaBuilder(collection: "user") {
///         SchemaPart.property("name", .text).required().length(1...64)
///         SchemaPart.property("age", .integer).range(0...150)
///         SchemaPart.reference("friends", to: "user", levels: 2).many()
///         SchemaPart.property("isAdult", .boolean).derived([">=": [["var": "age"], 18]])
///         SchemaPart.relation("roles", "casting")
///         SchemaPart.roles(of: "casting", [.entity("actor", context: "roles").required(), .value("salary", .integer)])
///     }.schema
///     try await node.database.define(user, as: "user")
public struct SchemaBuilder: Sendable {
    /// Gathers the parts.
    @resultBuilder public enum Parts {
        /// All of them.
        public static func buildBlock(_ parts: SchemaPart...) -> [SchemaPart] { parts }
    }

    private let json: JSONObject

    /// A schema of these parts.
    ///
    /// - Parameters:
    ///   - collection: whose entities it is of; any where `nil`.
    ///   - isOpen: whether entities may have properties that it doesn't name.
    public init(
        collection: Text? = nil,
        isOpen: Bool = true,
        description: Text? = nil,
        @Parts _ parts: () -> [SchemaPart]
    ) {
        let parts = parts()
        var json = JSONObject()
        if let description { json.append("description", .text(description)) }
        if let collection { json.append("collection", .text(collection)) }
        if !isOpen { json.append("open", false) }
        json.append("properties", Self.object(parts.filter { !$0.isRelation }))
        let relations = parts.filter(\.isRelation)
        if !relations.isEmpty { json.append("relations", Self.object(relations)) }
        self.json = json
    }

    /// Of parts with one name the last one counts.
    private static func object(_ parts: [SchemaPart]) -> JSONValue {
        var object = JSONObject()
        for (index, part) in parts.enumerated() where !parts[(index + 1)...].contains(where: { $0.name == part.name }) {
            object.append(part.name, .object(part.json))
        }
        return .object(object)
    }

    /// The schema.
    ///
    /// - Throws: ``FieldError`` and ``SchemaError``, as of a document.
    public var schema: SchemaDefinition { get throws { try SchemaDefinition(json: .object(json)) } }
}

/// A property of a schema, or the roles of a relation, for ``SchemaBuilder``.
public struct SchemaPart: Sendable {
    /// A role of a relation.
    public struct Role: Sendable {
        let name: Text
        fileprivate let json: JSONObject

        /// A role that an entity has.
        ///
        /// - Parameters:
        ///   - context: the property of the entity under which it finds the delta; `ROLE.RELATION` where `nil`.
        ///   - schema: by which it is shown.
        public static func entity(_ name: Text, context: Text? = nil, schema: Text? = nil) -> Role {
            var json: JSONObject = ["type": "reference"]
            if let context { json.append("context", .text(context)) }
            if let schema { json.append("schema", .text(schema)) }
            return Role(name: name, json: json)
        }

        /// A role that is a plain value.
        public static func value(_ name: Text, _ kind: SchemaProperty.Kind = .any) -> Role {
            Role(name: name, json: ["type": .string(kind.rawValue)])
        }

        /// The same, which each delta of the relation has.
        public func required() -> Role { with("required", true) }

        /// The same, which a delta may have several times.
        public func many() -> Role { with("many", true) }

        private func with(_ name: Text, _ value: JSONValue) -> Role {
            Role(name: self.name, json: json.replacing(name, value))
        }
    }

    let name: Text
    fileprivate let json: JSONObject
    let isRelation: Bool

    /// A property.
    public static func property(_ name: Text, _ kind: SchemaProperty.Kind = .any) -> SchemaPart {
        SchemaPart(name: name, json: ["type": .string(kind.rawValue)], isRelation: false)
    }

    /// A property that refers to another entity.
    ///
    /// - Parameters:
    ///   - schema: by which that is shown.
    ///   - levels: how far below it is shown.
    ///   - inverse: the property of that which leads back; `COLLECTION.name` where `nil`.
    public static func reference(
        _ name: Text,
        to schema: Text? = nil,
        levels: Int? = nil,
        inverse: Text? = nil
    ) -> SchemaPart {
        var part = property(name, .reference)
        if let schema { part = part.with("schema", .text(schema)) }
        if let levels { part = part.with("levels", .integer(Int64(levels))) }
        if let inverse { part = part.with("inverse", .text(inverse)) }
        return part
    }

    /// A property that lists the deltas of a relation.
    public static func relation(_ name: Text, _ relation: Text) -> SchemaPart {
        property(name, .relation).with("relation", .text(relation))
    }

    /// Which roles the deltas of a relation have.
    public static func roles(of relation: Text, _ roles: [Role]) -> SchemaPart {
        var all = JSONObject()
        for (index, role) in roles.enumerated() where !roles[(index + 1)...].contains(where: { $0.name == role.name }) {
            all.append(role.name, .object(role.json))
        }
        return SchemaPart(name: relation, json: ["roles": .object(all)], isRelation: true)
    }

    /// The same, which has to have a value.
    public func required() -> SchemaPart { with("required", true) }

    /// The same, of many distinct values.
    public func many(_ count: ClosedRange<Int>? = nil) -> SchemaPart {
        guard let count else { return with("many", true) }
        return with("many", true).with("minItems", .integer(Int64(count.lowerBound)))
            .with("maxItems", .integer(Int64(count.upperBound)))
    }

    /// The same with a value that stands in where nobody gives one.
    public func standing(in value: JSONValue) -> SchemaPart { with("default", value) }

    /// The same with another local context of the pointer that holds the value than the property's name.
    public func role(_ role: Text) -> SchemaPart { with("role", .text(role)) }

    /// The same with another resolver than the last write.
    public func resolver(_ resolver: StandardResolver) -> SchemaPart { with("resolver", .string(resolver.rawValue)) }

    /// The same of numbers within a range.
    public func range(_ range: ClosedRange<Int64>) -> SchemaPart {
        with("min", .integer(range.lowerBound)).with("max", .integer(range.upperBound))
    }

    /// The same of texts of so many Unicode scalars.
    public func length(_ range: ClosedRange<Int>) -> SchemaPart {
        with("minLength", .integer(Int64(range.lowerBound))).with("maxLength", .integer(Int64(range.upperBound)))
    }

    /// The same of texts that match a pattern of I-Regexp (RFC 9485) as a whole.
    public func pattern(_ pattern: Text) -> SchemaPart { with("pattern", .text(pattern)) }

    /// The same of these values alone.
    public func oneOf(_ values: [JSONValue]) -> SchemaPart { with("oneOf", .array(values)) }

    /// The same, computed of others by a rule of JSON-Logic.
    public func derived(_ rule: JSONValue) -> SchemaPart { with("derived", rule) }

    /// The same with what it is for.
    public func description(_ text: Text) -> SchemaPart { with("description", .text(text)) }

    private func with(_ name: Text, _ value: JSONValue) -> SchemaPart {
        SchemaPart(name: self.name, json: json.replacing(name, value), isRelation: isRelation)
    }
}

extension JSONObject {
    /// The same with a member of this value, whatever it was.
    fileprivate func replacing(_ name: Text, _ value: JSONValue) -> JSONObject {
        var object = JSONObject()
        for member in members where member.name != name { object.append(member.name, member.value) }
        object.append(name, value)
        return object
    }
}
