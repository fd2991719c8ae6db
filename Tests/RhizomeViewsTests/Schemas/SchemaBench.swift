import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON

@testable import RhizomeViews

/// A log with schemas of its node's own.
final class SchemaBench {
    let log = InMemoryDeltaLog()
    let cache = ViewCache()
    let own: PublicKey
    var maker = DeltaMaker()

    init(_ schemas: [Text: JSONValue]) async throws {
        own = try TestAuthors.signer("own").publicKey
        for (name, json) in schemas {
            try await append([
                try maker.delta(
                    "own",
                    [
                        Pointer("_schema", entity: name, targetContext: "definition"),
                        Pointer("definition", .text(Text(json.description))),
                    ]
                )
            ])
        }
    }

    var definitions: Definitions<SchemaDefinition> {
        Definitions(log: log, own: own, without: Exclusion(number: 0) { _ in false }, cache: cache)
    }

    func append(_ deltas: [AdmittedDelta]) async throws {
        cache.note(try await log.append(deltas, cursors: [:]))
    }

    /// A schema with those to which it leads.
    func graph(_ name: Text) async throws -> SchemaGraph {
        guard let stored = try await definitions.definition(DefinitionName(name, by: own)) else {
            throw DeltaLogError(.corrupt, "the test has no schema \(name)")
        }
        return try await definitions.graph(of: stored) { _ in nil }
    }
}
