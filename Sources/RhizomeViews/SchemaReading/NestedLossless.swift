public import Bytes
public import RhizomeCore
internal import StrictJSON

/// All that was said of an entity, with all that was said of what a schema says that it refers to (spec: schemas.md, "Nested
/// views").
///
/// All of it is of one state of the log, seen from one perspective.
public struct NestedLossless: Sendable {
    /// A delta under a property.
    public struct Item: Sendable {
        /// The delta.
        public let delta: DeltaID
        /// Whether a negation of it is in force.
        public let isNegated: Bool
        /// What stands in the place of the entities to which pointers refer, by the pointers' places.
        public let shown: [Int: Shown]
    }

    /// What stands in the place of an entity's id.
    public indirect enum Shown: Sendable {
        /// All that was said of it.
        case entity(Node)
        /// The same entity stands above, through the same schema.
        case cycle(Text)
        /// Nothing is left of it but what refers to it here.
        case dangling(Text)
    }

    /// An entity.
    public struct Node: Sendable {
        /// Its id.
        public let id: Text
        /// The local contexts by which deltas refer to it, by their bytes.
        public let referencedAs: [Text]
        /// The deltas about it by property, properties by the bytes of their names, deltas oldest first.
        public let properties: [(name: Text, items: [Item])]
        /// Whether no delta about it waits for the rest of its transaction.
        public let isComplete: Bool
    }

    /// The entity.
    public let root: Node
    /// The required properties without a value, depth first.
    public let missing: [NestedView.Missing]
    /// All deltas that are shown, each once.
    public let deltas: Set<DeltaID>
}

extension EntityReader {
    /// All that was said of an entity, and of what a schema says that it refers to; `nil` where nothing is left of it.
    ///
    /// - Parameter levels: how far below it is shown at most; as far as the schemas say where `nil`.
    /// - Throws: ``ReadLimit`` where there is too much to show, and what the log throws.
    /// - Complexity: that of what it shows, in memory too.
    public func nestedLossless(
        _ id: Text,
        through graph: SchemaGraph,
        levels: Int? = nil
    ) async throws -> NestedLossless? {
        try await look { lookup in
            var reading = NestedLosslessReading(lookup, through: graph)
            return try reading.view(of: id, levels: levels ?? NestedView.mostLevels)
        }
    }
}

/// Makes a ``NestedLossless`` in one look at a state; calls itself once for each level.
private struct NestedLosslessReading {
    private let lookup: EntityLookup
    private let graph: SchemaGraph
    private var nodeCount = 0
    private var deltas: Set<DeltaID> = []
    private var missing: [NestedView.Missing] = []
    private var path: [(entity: Text, schema: Int)] = []

    init(_ lookup: EntityLookup, through graph: SchemaGraph) {
        self.lookup = lookup
        self.graph = graph
    }

    mutating func view(of id: Text, levels: Int) throws -> NestedLossless? {
        guard let root = try node(id, 0, levels, otherThanBy: nil, []) else { return nil }
        return NestedLossless(root: root, missing: missing, deltas: deltas)
    }

    /// An entity; `nil` where nothing is left of it but what is about one property.
    private mutating func node(
        _ id: Text,
        _ place: Int,
        _ levels: Int,
        otherThanBy inverse: Text?,
        _ at: [Text]
    ) throws -> NestedLossless.Node? {
        try countNode()
        var said: [(delta: ViewedDelta, isNegated: Bool)] = []
        var isVisible = false
        let isComplete = try lookup.forEachDelta(about: id) { delta, isShown in
            guard isShown else { return }
            guard said.count <= NestedView.mostNodes else { throw ReadLimit(.nodes, most: NestedView.mostNodes) }
            let isNegated = try lookup.isNegated(delta)
            isVisible =
                isVisible || inverse == nil
                || !isNegated
                    && delta.pointers.contains { pointer in
                        pointer.entity.map { $0.id == id && $0.targetContext != inverse } ?? false
                    }
            said.append((delta, isNegated))
            try lookup.memory.addShown(delta.approximateBytes)
        }
        guard isVisible || inverse == nil && !isComplete else { return nil }
        let schema = graph.nodes[place].schema
        for (property, item) in zip(
            schema.properties,
            try lookup.values(of: id, in: graph.nodes[place].collection, by: schema) { $0.isRequired }.items
        ) where property.isRequired && item == nil {
            missing.append(.init(path: at + [property.name], kind: property.kind, isRequired: true))
        }
        path.append((id, place))
        var properties: [Text: [NestedLossless.Item]] = [:]
        var names: Set<Text> = []
        for (delta, isNegated) in said {
            deltas.insert(delta.id)
            var own: [Text] = []
            for case .entity(id, let property) in delta.pointers.map(\.target) where !own.contains(property) {
                own.append(property)
            }
            for pointer in delta.pointers where pointer.entity?.id == id { names.insert(pointer.localContext) }
            for property in own {
                try countNode()
                let shown = try isNegated ? [:] : shown(in: delta, under: property, of: id, place, levels, at)
                properties[property, default: []].append(.init(delta: delta.id, isNegated: isNegated, shown: shown))
            }
        }
        path.removeLast()
        return NestedLossless.Node(
            id: id,
            referencedAs: names.sorted(),
            properties: properties.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            isComplete: isComplete
        )
    }

    /// What stands in the place of the entities to which a delta refers, by the schema.
    private mutating func shown(
        in delta: ViewedDelta,
        under property: Text,
        of id: Text,
        _ place: Int,
        _ levels: Int,
        _ at: [Text]
    ) throws -> [Int: NestedLossless.Shown] {
        let node = graph.nodes[place]
        var found: [Int: NestedLossless.Shown] = [:]
        let relations = node.schema.relations.filter { $0.has(id, in: delta) }
        for (index, pointer) in delta.pointers.enumerated() {
            let target: Text
            let inverse: Text
            switch pointer.target {
            case .entity(let other, let context) where other != id: (target, inverse) = (other, context)
            case .value(.text(let text)): (target, inverse) = (text, "")
            default: continue
            }
            let name: Text?
            let most: Int
            if let rule = node.schema[property], let reference = rule.reference, rule.role == pointer.localContext {
                (name, most) = (reference.schema, reference.levels)
            } else {
                guard pointer.entity != nil else { continue }
                name = relations.lazy.compactMap { $0.role(pointer.localContext)?.schema }.first
                most = 1
            }
            guard min(levels, most) > 0, let schema = name.flatMap({ node.referred[$0] }) else { continue }
            guard !path.contains(where: { $0.entity == target && $0.schema == schema }) else {
                found[index] = .cycle(target)
                continue
            }
            let next = try self.node(
                target,
                schema,
                min(levels, most) - 1,
                otherThanBy: inverse,
                at + [property, target]
            )
            found[index] = next.map { .entity($0) } ?? .dangling(target)
        }
        return found
    }

    private mutating func countNode() throws {
        nodeCount += 1
        guard nodeCount <= NestedView.mostNodes else { throw ReadLimit(.nodes, most: NestedView.mostNodes) }
    }
}
