public import Bytes
public import StrictJSON

/// A way of reading that a person wrote down and signed (spec: schemas.md): which properties an entity has, and what
/// their values may be.
///
/// It refuses nothing that others say. Two are equal where their JSON is.
public struct SchemaDefinition: Equatable, Sendable {
    /// Properties of a schema at most.
    public static let mostProperties = 256
    /// Relations at most, and roles of one.
    public static let mostRelations = 64
    /// Bytes of its JSON at most.
    public static let mostBytes = 64 << 10

    /// As it was written.
    public let json: JSONValue
    /// What it is for.
    public let description: Text?
    /// The collection whose entities it is of; any where `nil`.
    public let collection: Text?
    /// Whether entities may have properties that it doesn't name.
    public let isOpen: Bool
    /// The properties, in the order in which they were written.
    public let properties: [SchemaProperty]
    /// The relations, likewise.
    public let relations: [SchemaRelation]
    /// Derived properties, each after those of which it is computed.
    let derivationOrder: [Int]
    private let places: [Text: Int]
    private let relationPlaces: [Text: Int]

    init(
        json: JSONValue,
        description: Text?,
        collection: Text?,
        isOpen: Bool,
        properties: [SchemaProperty],
        relations: [SchemaRelation]
    ) throws(SchemaError) {
        self.json = json
        self.description = description
        self.collection = collection
        self.isOpen = isOpen
        self.properties = properties
        self.relations = relations
        places = Dictionary(uniqueKeysWithValues: properties.enumerated().map { ($1.name, $0) })
        relationPlaces = Dictionary(uniqueKeysWithValues: relations.enumerated().map { ($1.name, $0) })
        derivationOrder = try Self.order(properties, places)
    }

    /// Where the property of a name stands among ``properties``; `nil` where the schema has none.
    func place(of name: Text) -> Int? { places[name] }

    /// The relation of a name; `nil` where the schema has none.
    public func relation(_ name: Text) -> SchemaRelation? { relationPlaces[name].map { relations[$0] } }

    /// The relation whose deltas a property lists; `nil` where it lists none.
    func relation(of property: SchemaProperty) -> SchemaRelation? { property.relation.flatMap { relation($0) } }

    /// The property of a name; `nil` where the schema has none.
    public subscript(name: Text) -> SchemaProperty? { places[name].map { properties[$0] } }

    /// The properties that are computed of others: they can't be written.
    public var derivedProperties: Set<Text> { Set(derivationOrder.map { properties[$0].name }) }

    /// Whether both have the same JSON.
    public static func == (left: Self, right: Self) -> Bool { left.json == right.json }

    /// Derived properties by dependency; without recursion, since a chain may be as long as there are properties.
    private static func order(
        _ properties: [SchemaProperty],
        _ places: [Text: Int]
    ) throws(SchemaError) -> [Int] {
        enum Mark { case open, done }
        let needed = properties.map { property in
            property.derived.map { rule in
                rule.properties.compactMap { places[$0] }.filter { properties[$0].derived != nil }
            }
        }
        var marks: [Int: Mark] = [:]
        var order: [Int] = []
        for start in properties.indices where needed[start] != nil && marks[start] == nil {
            var path = [(place: start, next: 0)]
            marks[start] = .open
            while let top = path.last {
                guard let needs = needed[top.place], top.next < needs.count else {
                    marks[top.place] = .done
                    order.append(top.place)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let need = needs[top.next]
                switch marks[need] {
                case .done: continue
                case .open:
                    let circle = path.map(\.place).drop { $0 != need } + [need]
                    throw .cycle(circle.map { properties[$0].name })
                case nil:
                    marks[need] = .open
                    path.append((need, 0))
                }
            }
        }
        return order
    }
}

/// What is wrong with a schema that the specification has an answer of its own for.
public enum SchemaError: Error, Equatable, Sendable {
    /// A property has a type that there isn't.
    case unknownType(property: Text)
    /// Properties are derived from each other in a circle; it ends as it begins.
    case cycle([Text])
}
