internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import StrictJSON

/// Named ways of looking, to be read and written (spec: http.md, `/api/contexts`).
enum ContextRoutes {
    static func routes(_ database: Database, makeUUID: @escaping @Sendable () -> String) -> [Route] {
        DefinitionRoutes<ContextDefinition>(database: database, makeUUID: makeUUID, path: "/api/contexts") { _, json in
            try ContextDefinition(
                json: .object(json),
                identity: { database.identity(typed: $0) },
                time: { AsOf.moment($0) }
            )
        } show: { stored, _ in
            _ = try stored.definition.get()
            return stored.encoded
        }
        .routes
    }
}
