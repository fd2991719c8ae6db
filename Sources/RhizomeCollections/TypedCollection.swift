internal import Bytes
internal import RhizomeCore
public import RhizomeDatabase
internal import RhizomeViews
internal import StrictJSON

/// The entities of a collection as values of a Swift type, read from a database in this process and written to it.
///
///     struct User: Codable, Identifiable {
///         var id: String
///         var name: String
///         var age: Int?
///     }
///
///     let users = TypedCollection<User>("user", in: node.database)
///     try await users.put(User(id: "taliesin-1", name: "Taliesin"))
///     let user = try await users.get("taliesin-1")
///
/// Each property of the type is a property of the entity, so its name is that of the coding key, and its value a text, a
/// number, true, false or null; a `Date` is the number that Foundation makes of it, seconds since 2001. Peers see them by
/// the same names over HTTP, and what they write shows here. Entities are named by their ids alone: `user/1` and `film/1`
/// are one (spec: http.md). An entity all of whose properties are cleared isn't there. What is put has to be as the
/// schema called like the collection wants it, where this node has one; of a type that names a schema (``SchemaNaming``),
/// as that one does too, and its values are read through it.
public struct TypedCollection<Entity: Codable & Identifiable & Sendable>: Sendable where Entity.ID == String {
    /// Its name, under which others find it at `/api/NAME`.
    public let name: String
    let database: Database

    /// How many ids are read at once.
    private static var page: Int { 1_000 }

    /// A collection; it needs no declaration, and is there once something was put into it.
    ///
    /// - Parameter name: 1 to 1,024 bytes. Names that begin with `_` and those that http.md reserves can't be written to.
    public init(_ name: String, in database: Database) {
        self.name = name
        self.database = database
    }

    // MARK: - Reading

    /// An entity as this node sees it now, or `nil` where it isn't there.
    ///
    /// - Throws: `DecodingError` where what is held isn't an `Entity`: peers may write anything by this name.
    ///   And what the log throws.
    public func get(_ id: String) async throws -> Entity? {
        guard let view = try await view(of: Text(id)) else { return nil }
        return try EntityDecoder.decode(Entity.self, from: view)
    }

    /// An entity's values, those that the type's schema has where it names one; `nil` where it isn't there.
    func view(of id: Text) async throws -> EntityView? {
        let reader = try await database.reader()
        if let schema = try await schema() {
            return try await reader.entity(id, in: Text(name), through: schema.definition.get())
        }
        guard let view = try await reader.entity(id), view.hasValues else { return nil }
        return view
    }

    /// Whether the type names a schema.
    var hasSchema: Bool { Entity.self is any SchemaNaming.Type }

    /// The schema that the type names; `nil` where it names none.
    ///
    /// - Throws: ``CollectionError`` `schema` where there is none of this name.
    private func schema() async throws -> StoredDefinition<SchemaDefinition>? {
        guard let name = (Entity.self as? any SchemaNaming.Type)?.schema else { return nil }
        guard let stored = try await database.schema(Text(name)) else {
            throw CollectionError(.schema, "there is no schema of the name that the type has; define it first")
        }
        return stored
    }

    /// The ids of the collection's entities, in the order of their UTF-8 bytes.
    ///
    /// - Parameters:
    ///   - last: only ids after this one.
    ///   - limit: so many at most; all where `nil`.
    public func ids(after last: String? = nil, limit: Int? = nil) async throws -> [String] {
        let reader = try await database.reader()
        var ids: [String] = []
        var last = last.map { Text($0) }
        while ids.count < limit ?? .max {
            let count = min(Self.page, (limit ?? .max) - ids.count)
            let page = try await reader.collection(Text(name), after: last, count: count, .withValues)
            ids += page.ids.map(\.string)
            guard page.hasMore else { break }
            last = page.ids.last
        }
        return ids
    }

    // MARK: - Writing

    /// Writes what of the entity's properties has changed, as one transaction where it is more than one.
    ///
    /// A property that is `nil` is cleared. Properties that the type doesn't have stay as they are. Where nothing
    /// changes nothing is written. What differs from what is visible now counts as changed: a value that was read long ago
    /// takes back what others have written since, so read it, change it and put it at once. An entity that is visible
    /// under other collections alone gets all its properties under this one's name too.
    ///
    /// - Parameter sayingAll: whether every property is written in this node's own name, those too that have their value
    ///   already: for resolvers to which each author's own word matters (`sum`, `majority`, `by-author`).
    /// - Throws: `EncodingError` where a property isn't a single value, or a number doesn't fit into a delta;
    ///   ``FieldError`` for names and ids that a PUT refuses, `limit` for a value that is too large for a delta, and `count`
    ///   for more than 1,024 properties; ``SchemaViolations`` and ``OthersValues`` for what schemas don't allow;
    ///   ``WriteError``. Nothing is written then.
    public func put(_ entity: Entity, sayingAll: Bool = false) async throws {
        let schema = try await schema()
        var properties = try EntityEncoder.properties(of: entity, takingLists: schema != nil)
        if let schema {
            // They were read, and are computed anew.
            let derived = try schema.definition.get().derivedProperties
            properties = properties.members.reduce(into: JSONObject()) { rest, member in
                if !derived.contains(member.name) { rest.append(member.name, member.value) }
            }
        }
        if let id = properties[EntityPut.idProperty], id != .string(entity.id) {
            throw EncodingRefusals.error(entity, at: [], "id: the value encodes another id than it has")
        }
        try await write(
            EntityPut(
                collection: Text(name),
                id: Text(entity.id),
                properties: properties,
                saysAll: sayingAll,
                takesLists: schema != nil
            ),
            through: schema
        )
    }

    /// Clears all properties of an entity, as one transaction; where it isn't there nothing is written.
    ///
    /// Where others have given it more properties than one PUT can have, as one transaction for each 1,024 of them.
    ///
    /// What was said of it stays in its history. Properties that a peer sets later bring it back.
    ///
    /// - Throws: as ``put(_:sayingAll:)``.
    public func delete(_ id: String) async throws {
        let view = try await database.reader().entity(Text(id)) ?? EntityView(absent: Text(id))
        for put in try EntityPut.clearing(view, collection: Text(name)) { try await write(put) }
    }

    private func write(_ put: EntityPut, through schema: StoredDefinition<SchemaDefinition>? = nil) async throws {
        _ = try await EntityWriter(reader: try await database.reader(), by: database.identity, write: database.write)
            .put(put, through: schema)
    }
}
