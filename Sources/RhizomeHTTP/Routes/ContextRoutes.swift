internal import Bytes
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews
internal import StrictJSON

/// Named ways of looking, to be read and written (spec: http.md, `/api/contexts`).
enum ContextRoutes {
    static func routes(_ database: Database, makeUUID: @escaping @Sendable () -> String) -> [Route] {
        DefinitionRoutes<ContextDefinition>(
            database: database,
            makeUUID: makeUUID,
            path: "/api/contexts",
            document: .context,
            shown: .context
        ) { _, json in
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

extension JSONSchema {
    /// A context (spec: views.md, "Contexts").
    fileprivate static let context = object(optional: [
        "filter": any.meaning("a rule of JSON-Logic"),
        "authors": either([word(["all"]), array(of: text)]),
        "moderators": array(of: text),
        "resolvers": object(others: object(others: word(StandardResolver.allCases.map(\.rawValue)))),
        "asOf": either([integer, text]),
        "forked": word(ContextDefinition.ForkPolicy.allCases.map(\.rawValue)),
    ]).named("Context")
}
