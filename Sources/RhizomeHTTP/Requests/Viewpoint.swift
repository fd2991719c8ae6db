internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// Through whose eyes and as of when a read is to look: `?context=`, and on top of it `?asOf=`, `?authors=`,
/// `?without=`, `?filter=` (spec: http.md).
struct Viewpoint: Sendable {
    /// The name of the context through which to look.
    var context: Text?
    /// The moment as of which to look, µs since 1970.
    var asOf: Timestamp?
    /// Dids or petnames of those who alone count; everybody where `nil`.
    var authors: [String]?
    /// Dids or petnames of those who don't count.
    var without: [String] = []
    /// Which deltas count.
    var filter: JSONLogicRule?

    /// Whether this is how the node itself looks, now.
    var isOwn: Bool { context == nil && asOf == nil && authors == nil && without.isEmpty && filter == nil }

    /// How a node looks from here.
    ///
    /// - Throws: 400 for a context that there isn't, and for somebody whom the node doesn't know by that name;
    ///   ``DefinitionError`` for a context whose definition can't be used.
    func perspective(of database: Database) async throws -> Perspective {
        try await versioned(in: database).perspective
    }

    /// The same, and which version of the context that is.
    func versioned(in database: Database) async throws -> (perspective: Perspective, context: DeltaID?) {
        let exclusion = try await database.exclusion()
        let stored = try await stored(in: database)
        let base =
            try stored.map { stored in
                Perspective(of: try stored.definition.get(), without: exclusion, petname: database.petname)
            } ?? Perspective(without: exclusion)
        return (try narrow(base, of: database), stored?.delta)
    }

    /// How a node looks from there, but for the context.
    ///
    /// - Throws: 400 for somebody whom the node doesn't know by that name.
    func narrow(_ base: Perspective, of database: Database) throws(APIError) -> Perspective {
        let authors = try authors.map { names throws(APIError) in
            try Self.identities(names, "authors", database)
        }
        let without = try Self.identities(without, "without", database)
        return base.narrowed(
            asOf: asOf,
            authors: authors,
            without: without,
            filter: filter.map { DeltaFilter($0, petname: database.petname) }
        )
    }

    /// The context; `nil` where none is named.
    ///
    /// - Throws: 400 where there is none of its name.
    func stored(in database: Database) async throws -> StoredDefinition<ContextDefinition>? {
        guard let context else { return nil }
        guard let stored = try await database.definition(called: context, of: ContextDefinition.self) else {
            throw APIError.badInput(
                "there is no context of this name; see /api/contexts, another author's is NAME@did",
                field: "context",
                details: ["name": .text(context)]
            )
        }
        return stored
    }

    private static func identities(
        _ names: [String],
        _ field: String,
        _ database: Database
    ) throws(APIError) -> Set<PublicKey> {
        var identities: Set<PublicKey> = []
        for name in names {
            identities.insert(try database.identity(asked: name, field: field))
        }
        return identities
    }
}

extension Database {
    /// The identity of a did or a petname.
    ///
    /// - Throws: 400 where nobody is known by that name.
    func identity(asked name: String, field: String) throws(APIError) -> PublicKey {
        guard let identity = identity(typed: name) else {
            throw .badInput(ContextDefinition.unknownIdentity, field: field, details: ["name": .string(name)])
        }
        return identity
    }

    /// Reads entities as they are seen from there.
    func reader(from viewpoint: Viewpoint) async throws -> EntityReader {
        guard !viewpoint.isOwn else { return try await reader() }
        return EntityReader(log: log, perspective: try await viewpoint.perspective(of: self), cache: views)
    }
}
