public import Bytes

/// Which schemas refer to which (spec: schemas.md, "The document").
public enum SchemaReferences {
    /// Schemas that are looked at, and circles that are told of, at most.
    private static let (mostSchemas, mostCycles) = (1_024, 64)

    /// The circles in which schemas refer to each other, as far as one is led into them; each ends as it begins.
    ///
    /// Found by going through references in depth, in the order in which they are written: of several circles through
    /// the same reference one is told.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - referred: the schemas to which one refers, by the names by which they are told; none where there is no such
    ///     schema.
    public static func cycles(
        from start: Text,
        _ referred: (Text) async throws -> [Text]
    ) async rethrows -> [[Text]] {
        var cycles: [[Text]] = []
        var isDone: [Text: Bool] = [start: false]
        var path = [(name: start, next: try await referred(start)[...])]
        while var top = path.popLast() {
            guard let name = top.next.popFirst() else {
                isDone[top.name] = true
                continue
            }
            path.append(top)
            switch isDone[name] {
            case true?: break
            case false?:
                if cycles.count < mostCycles { cycles.append(path.map(\.name).drop { $0 != name } + [name]) }
            case nil:
                guard isDone.count < mostSchemas else { break }
                isDone[name] = false
                path.append((name, try await referred(name)[...]))
            }
        }
        return cycles
    }
}

extension SchemaDefinition {
    /// The schemas to which it refers, each once, in the order in which it names them.
    public var referredSchemas: [Text] {
        let names = properties.compactMap { $0.reference?.schema } + relations.flatMap { $0.roles.compactMap(\.schema) }
        return names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
