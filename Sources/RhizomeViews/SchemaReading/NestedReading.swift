package import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
internal import StrictJSON

/// Makes a ``NestedView`` in one look at a state.
///
/// It calls itself once for each level, of which there are eight at most.
struct NestedReading {
    /// Steps that all derived properties of an answer may take: some to begin with, and some for each entity.
    private static let stepsPerEntity = 500

    private let lookup: EntityLookup
    private let graph: SchemaGraph
    private let tellsAllMissing: Bool
    private var budget = JSONLogicBudget(steps: 10_000)
    private var nodeCount = 0
    private var view: NestedView
    /// The entities from the root to here, each with its schema's place.
    private var path: [(entity: Text, schema: Int)] = []

    /// What stands at a place of the tree.
    private struct Place {
        let id: Text
        let schema: Int
        /// The collection in which it is looked at.
        let collection: Text?
        /// How many levels below it may be shown.
        let levels: Int
        /// The way to it.
        let at: [Text]
    }

    private init(_ lookup: EntityLookup, of id: Text, through graph: SchemaGraph, tellingAllMissing: Bool) {
        self.lookup = lookup
        self.graph = graph
        tellsAllMissing = tellingAllMissing
        view = NestedView(id: id, schema: graph.root.name, schemaDelta: graph.root.delta)
    }

    /// The view of an entity; `nil` where it isn't visible.
    ///
    /// - Parameters:
    ///   - collection: the name under which it is looked at.
    ///   - levels: how far below it is shown at most.
    ///   - tellingAllMissing: whether optional properties without a value are told too.
    /// - Throws: ``ReadLimit`` `nodes`, ``JSONLogicError`` where what is derived costs too much, and what the log throws.
    static func view(
        of id: Text,
        in collection: Text?,
        through graph: SchemaGraph,
        levels: Int,
        tellingAllMissing: Bool,
        _ lookup: EntityLookup
    ) throws -> NestedView? {
        var reading = NestedReading(lookup, of: id, through: graph, tellingAllMissing: tellingAllMissing)
        let root = Place(id: id, schema: 0, collection: collection, levels: levels, at: [])
        try reading.countNode()
        guard let properties = try reading.properties(of: root, isShown: { try lookup.isVisible(id) }) else {
            return nil
        }
        reading.view.properties = properties
        return reading.view
    }

    // MARK: - Entities

    /// The properties of an entity; `nil` where it isn't shown.
    ///
    /// - Parameter isShown: asked where it has no value.
    private mutating func properties(of place: Place, isShown: () throws -> Bool) throws -> JSONObject? {
        let schema = graph.nodes[place.schema].schema
        var values = try lookup.values(
            of: place.id,
            in: place.collection,
            by: schema,
            mostDeltas: NestedView.mostNodes - nodeCount
        )
        guard try values.isSaid || isShown() else { return nil }
        budget.steps += Self.stepsPerEntity
        do {
            try values.complete(within: &budget)
        } catch {
            throw error.of(rule: "derived")
        }
        path.append((place.id, place.schema))
        var properties = JSONObject()
        for (index, property) in schema.properties.enumerated() {
            let at = place.at + [property.name]
            guard let item = values.items[index] else {
                if property.derived == nil { try noteMissing(property, at) }
                continue
            }
            for violation in values.violations(of: index) { try note(violation, at) }
            switch item {
            case .relation(let deltas):
                let shown = try deltas.map { try composite($0, of: property, below: place, at) }
                properties.append(property.name, .array(shown))
            case .value(let json) where property.reference != nil:
                properties.append(property.name, try references(json, of: property, below: place, at))
            case .defaulted(let json):
                if tellsAllMissing { try noteMissing(property, at) }
                view.defaulted.append(at)
                try lookup.memory.addShown(Self.bytes(of: at))
                let shown = property.reference == nil ? json : try references(json, of: property, below: place, at)
                properties.append(property.name, shown)
            case .value(let json), .derived(let json): properties.append(property.name, json)
            }
        }
        if !schema.isOpen { try noteUnexpected(of: place, schema) }
        path.removeLast()
        return properties
    }

    /// An entity that is referred to.
    ///
    /// - Parameters:
    ///   - levels: how far below what refers to it is shown, itself counted.
    ///   - inverse: the property of it that leads back to what refers to it.
    private mutating func reference(
        to id: Text,
        through name: Text?,
        below place: Place,
        levels: Int,
        inverse: Text,
        _ at: [Text]
    ) throws -> JSONValue {
        try countNode()
        try lookup.memory.addShown(200 + id.count)
        var shown: JSONObject = ["id": .text(id)]
        guard levels > 0 else { return .object(shown) }
        let node = graph.nodes[place.schema]
        guard let schema = name.flatMap({ node.referred[$0] }) else {
            if try !lookup.isVisible(id, otherThanBy: inverse) { shown.append("dangling", .bool(true)) }
            return .object(shown)
        }
        guard !path.contains(where: { $0.entity == id && $0.schema == schema }) else {
            shown.append("cycle", .bool(true))
            return .object(shown)
        }
        let next = Place(
            id: id,
            schema: schema,
            collection: schema == place.schema ? place.collection : graph.nodes[schema].collection,
            levels: levels - 1,
            at: at + [id]
        )
        let lookup = lookup
        if let properties = try properties(of: next, isShown: { try lookup.isVisible(id, otherThanBy: inverse) }) {
            shown.append("properties", .object(properties))
        } else {
            shown.append("dangling", .bool(true))
        }
        return .object(shown)
    }

    /// What a reference property has: one entity or many; what names none is shown as it is.
    private mutating func references(
        _ json: JSONValue,
        of property: SchemaProperty,
        below place: Place,
        _ at: [Text]
    ) throws -> JSONValue {
        guard let reference = property.reference else { return json }
        let inverse = reference.inverse ?? SchemaProperty.inverse(of: property.name, in: place.collection)
        func shown(_ item: JSONValue, _ reading: inout NestedReading) throws -> JSONValue {
            guard let id = item.text else { return item }
            return try reading.reference(
                to: id,
                through: reference.schema,
                below: place,
                levels: min(place.levels, reference.levels),
                inverse: inverse,
                at
            )
        }
        guard property.isMany, let items = json.array else { return try shown(json, &self) }
        var all: [JSONValue] = []
        for item in items { all.append(try shown(item, &self)) }
        return .array(all)
    }

    /// A delta of a relation: what it says in each role but that of the entity itself.
    private mutating func composite(
        _ read: RelationDelta,
        of property: SchemaProperty,
        below place: Place,
        _ at: [Text]
    ) throws -> JSONValue {
        try countNode()
        try lookup.memory.addShown(400)
        let at = at + [Text(read.delta.id.description)]
        var roles = JSONObject()
        for (role, targets) in zip(graph.nodes[place.schema].schema.relation(of: property)?.roles ?? [], read.targets) {
            var shown: [JSONValue] = []
            for target in targets {
                switch target {
                case .value(let value):
                    let json = value.json
                    if json != .null, !role.kind.takes(json) {
                        let expected = JSONValue.string(role.kind.rawValue)
                        try note(.init(rule: .type, value: json, expected: expected), at + [role.name])
                    }
                    shown.append(json)
                case .entity(let id, let context) where id != place.id:
                    shown.append(
                        try reference(
                            to: id,
                            through: role.schema,
                            below: place,
                            levels: min(place.levels, 1),
                            inverse: context,
                            at + [role.name]
                        )
                    )
                case .entity: break
                }
            }
            guard let first = shown.first else { continue }
            roles.append(role.name, role.isMany ? .array(shown) : first)
            try lookup.memory.addShown(shown.reduce(100) { $0 + $1.approximateBytes })
        }
        return [
            "delta": .string(read.delta.id.description), "creator": .string(read.delta.author.did),
            "timeCreated": .integer(read.delta.timeCreated.microseconds), "roles": .object(roles),
        ]
    }

    // MARK: - Notes

    private mutating func countNode() throws {
        nodeCount += 1
        guard nodeCount <= NestedView.mostNodes else { throw ReadLimit(.nodes, most: NestedView.mostNodes) }
    }

    private static func bytes(of path: [Text]) -> Int { path.reduce(100) { $0 + 60 + $1.count } }

    private mutating func noteMissing(_ property: SchemaProperty, _ at: [Text]) throws {
        guard property.isRequired || tellsAllMissing else { return }
        try lookup.memory.addShown(Self.bytes(of: at))
        view.missing.append(.init(path: at, kind: property.kind, isRequired: property.isRequired))
    }

    private mutating func note(_ violation: SchemaProperty.Violation, _ at: [Text]) throws {
        try lookup.memory.addShown(Self.bytes(of: at) + violation.value.approximateBytes)
        view.violations.append(.init(path: at, violation: violation))
    }

    /// Properties with a value that a schema doesn't name and that takes no others.
    private mutating func noteUnexpected(of place: Place, _ schema: SchemaDefinition) throws {
        for (name, value) in try lookup.unexpected(of: place.id, in: place.collection, by: schema) {
            try note(.init(rule: .unexpected, value: value, expected: .null), place.at + [name])
        }
    }
}

extension SchemaProperty {
    /// The property of what is referred to that leads back, where none is named (spec: schemas.md, "Writing through a
    /// schema").
    static func inverse(of name: Text, in collection: Text?) -> Text { Text("\(collection ?? "").\(name)") }
}

extension SchemaGraph.Node {
    /// The collection of its entities.
    var collection: Text { stored.collection }
}

extension StoredDefinition<SchemaDefinition> {
    /// The collection of a schema's entities: a schema is called like it, unless it says otherwise.
    package var collection: Text { (try? definition.get())?.collection ?? name.name }
}
