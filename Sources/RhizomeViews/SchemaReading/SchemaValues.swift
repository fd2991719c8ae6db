internal import Bytes
internal import RhizomeCore
internal import StrictJSON

/// What an entity has of a schema's properties, nothing of what they refer to.
struct SchemaValues: Sendable {
    /// A property's value.
    enum Item: Sendable {
        /// What deltas give; an entity's id of a reference, an array of many.
        case value(JSONValue)
        /// What stands in where no delta gives a value.
        case defaulted(JSONValue)
        /// What was computed of others.
        case derived(JSONValue)
        /// Deltas of a relation, oldest first; one at least.
        case relation([RelationDelta])

        /// The value; of a relation `nil`.
        var json: JSONValue? {
            switch self {
            case .value(let json), .defaulted(let json), .derived(let json): json
            case .relation: nil
            }
        }

        /// Whether somebody has said it.
        var isSaid: Bool {
            switch self {
            case .value, .relation: true
            case .defaulted, .derived: false
            }
        }
    }

    let id: Text
    let schema: SchemaDefinition
    /// By the places of properties in the schema; `nil` where there is nothing, and where null was said last.
    private(set) var items: [Item?]

    /// Nothing yet.
    init(of id: Text, by schema: SchemaDefinition) {
        self.id = id
        self.schema = schema
        items = .init(repeating: nil, count: schema.properties.count)
    }

    /// Takes in what a property has; null is nothing.
    mutating func set(_ place: Int, _ item: Item?) { items[place] = item?.json == .null ? nil : item }

    /// Whether anything was said of it by which it has a value.
    var isSaid: Bool { items.contains { $0?.isSaid == true } }

    /// Has defaults stand in, and computes what is derived.
    ///
    /// - Throws: ``JSONLogicError`` where a rule costs more than there is left.
    mutating func complete(within budget: inout JSONLogicBudget) throws(JSONLogicError) {
        for (place, property) in schema.properties.enumerated() where items[place] == nil {
            if let value = property.defaultValue { items[place] = .defaulted(value) }
        }
        for place in schema.derivationOrder {
            guard let rule = schema.properties[place].derived else { continue }
            set(place, .derived(try rule.rule.evaluate(data(of: rule.properties), within: &budget).json))
        }
    }

    /// What a rule sees: `{"id", property: value, …}` (spec: schemas.md, "The document").
    ///
    /// - Parameter names: the properties that it may look at; all where `nil`.
    func data(of names: [Text]? = nil, more: [(name: Text, value: JSONLogicValue)] = []) -> JSONLogicValue {
        var members: [(name: Text, value: JSONLogicValue)] = [(EntityPut.idProperty, .text(id))] + more
        for name in names ?? schema.properties.map(\.name) {
            guard let place = schema.place(of: name), let item = items[place] else { continue }
            members.append((name, JSONLogicValue(item.plain(schema.properties[place], in: schema))))
        }
        return .object(JSONLogicObject(members))
    }

    /// All that is wrong, in the schema's order: which required properties have no value, and which values aren't as the
    /// schema wants them.
    ///
    /// Says nothing of properties that the schema doesn't name.
    var faults: [SchemaViolations.Item] {
        schema.properties.enumerated().flatMap { place, property -> [SchemaViolations.Item] in
            guard items[place] == nil, property.isRequired else {
                return violations(of: place).map { SchemaViolations.Item(property: property.name, violation: $0) }
            }
            let kind = JSONValue.string(property.kind.rawValue)
            return [.init(property: property.name, violation: .init(rule: .required, value: .null, expected: kind))]
        }
    }

    /// What is wrong with the values that are there, by the places of their properties.
    ///
    /// Says nothing of those that are missing, nor of properties that the schema doesn't name.
    func violations(of place: Int) -> [SchemaProperty.Violation] {
        let property = schema.properties[place]
        switch items[place] {
        case .value(let value): return property.violations(of: value)
        case .derived(let value):
            guard property.kind != .any, !property.kind.takes(value) else { return [] }
            return [.init(rule: .type, value: value, expected: .string(property.kind.rawValue))]
        case .defaulted, .relation, nil: return []
        }
    }

    /// Whether the entity has a value for each property that is required: it is one of the schema's entities then.
    var isWhole: Bool { zip(schema.properties, items).allSatisfy { !$0.isRequired || $1 != nil } }
}

extension SchemaValues.Item {
    /// As rules see it: of a relation each delta's roles, entities by their ids.
    fileprivate func plain(_ property: SchemaProperty, in schema: SchemaDefinition) -> JSONValue {
        guard case .relation(let deltas) = self else { return json ?? .null }
        guard let relation = schema.relation(of: property) else { return .null }
        return .array(
            deltas.map { delta in
                var roles = JSONObject()
                for (role, targets) in zip(relation.roles, delta.targets) where !targets.isEmpty {
                    let values = targets.map(\.value.json)
                    roles.append(role.name, role.isMany ? .array(values) : values[0])
                }
                return .object(roles)
            }
        )
    }
}

extension Pointer.Target {
    /// The value; of an entity its id.
    var value: Value {
        switch self {
        case .value(let value): value
        case .entity(let id, _): .text(id)
        }
    }
}
