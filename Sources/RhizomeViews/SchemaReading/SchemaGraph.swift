internal import Bytes
internal import RhizomeCore
public import SignedStatements

/// A schema with those to which it leads, each with whom it refers to: all that one answer reads by.
public struct SchemaGraph: Sendable {
    /// Schemas of one at most.
    public static let mostSchemas = 1_024
    /// Bytes of memory that they take at most, about.
    static let mostBytes = 64 << 20

    /// One of the schemas.
    struct Node: Sendable {
        let stored: StoredDefinition<SchemaDefinition>
        let schema: SchemaDefinition
        /// The places of those to which it refers, by the names by which it does; none of those that there aren't.
        var referred: [Text: Int] = [:]
    }

    /// The schema itself first.
    private(set) var nodes: [Node]

    /// The schema.
    public var root: StoredDefinition<SchemaDefinition> { nodes[0].stored }
    /// The same, read.
    public var schema: SchemaDefinition { nodes[0].schema }

    /// A schema that is looked at without what it refers to.
    ///
    /// - Throws: ``DefinitionError`` where it can't be used.
    init(_ root: StoredDefinition<SchemaDefinition>) throws(DefinitionError) {
        nodes = [Node(stored: root, schema: try root.definition.get())]
    }
}

extension Definitions<SchemaDefinition> {
    /// A schema with those to which it leads, as they are now or as of the moment of these definitions.
    ///
    /// What isn't there, or can't be used, counts as not there. Within another's schema a bare name is that author's own.
    ///
    /// - Parameters:
    ///   - levels: how far references are followed.
    ///   - identity: the author that a text names.
    /// - Throws: ``DefinitionError`` where the schema itself can't be used, ``ReadLimit`` `schemas` where it leads to too
    ///   many, and what the log throws.
    public func graph(
        of root: StoredDefinition<SchemaDefinition>,
        levels: Int = NestedView.mostLevels,
        identity: (String) -> PublicKey?
    ) async throws -> SchemaGraph {
        var graph = try SchemaGraph(root)
        var bytes = graph.schema.approximateBytes
        // None where there is no such schema.
        var places: [DefinitionName: Int?] = [root.name: 0]
        var breadth = 0..<1
        for _ in 0..<levels where !breadth.isEmpty {
            for place in breadth {
                let author = graph.nodes[place].stored.name.author
                for text in graph.nodes[place].schema.referredSchemas {
                    guard let name = DefinitionName(text, own: author, identity: identity) else { continue }
                    if places[name] == nil {
                        let stored = try await definition(name)
                        if let stored, case .success(let schema) = stored.definition {
                            bytes += schema.approximateBytes
                            guard graph.nodes.count < SchemaGraph.mostSchemas, bytes <= SchemaGraph.mostBytes else {
                                throw ReadLimit(.schemas, most: SchemaGraph.mostSchemas)
                            }
                            places[name] = graph.append(stored, schema)
                        } else {
                            places.updateValue(nil, forKey: name)
                        }
                    }
                    if let referred = places[name] ?? nil { graph.refer(place, text, to: referred) }
                }
            }
            breadth = breadth.upperBound..<graph.nodes.count
        }
        return graph
    }
}

extension SchemaGraph {
    /// - Returns: its place.
    fileprivate mutating func append(_ stored: StoredDefinition<SchemaDefinition>, _ schema: SchemaDefinition) -> Int {
        nodes.append(Node(stored: stored, schema: schema))
        return nodes.count - 1
    }

    fileprivate mutating func refer(_ place: Int, _ name: Text, to referred: Int) {
        nodes[place].referred[name] = referred
    }
}
