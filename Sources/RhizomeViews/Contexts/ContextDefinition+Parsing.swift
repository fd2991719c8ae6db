public import Bytes
public import RhizomeIdentity
public import SignedStatements
public import StrictJSON

extension ContextDefinition {
    /// Reads the JSON form, and refuses what it doesn't know: a part that is left out of account would show too much.
    ///
    /// As stored, authors are dids and the time is µs; whoever takes what a person typed says what else may stand there.
    ///
    /// - Parameters:
    ///   - identity: the author that a text names; `nil` where it names none.
    ///   - time: the moment that `asOf` is; `nil` where it is no time.
    /// - Throws: ``FieldError`` with the way to the fault (`resolvers.user.age`), ``JSONLogicError`` with the way within
    ///   the filter.
    public init(
        json: JSONValue,
        identity: (String) -> PublicKey? = PublicKey.init(did:),
        time: (JSONValue) -> Timestamp? = { $0.integer.map { Timestamp(microseconds: $0) } }
    ) throws {
        guard let object = json.object else { throw FieldError(.type, field: "", "a context is an object") }
        for member in object.members where !Self.parts.contains(member.name) {
            throw FieldError(
                .unknown,
                field: member.name.string,
                "a context has filter, authors, moderators, resolvers, asOf and forked, nothing else"
            )
        }
        try self.init(
            filter: object["filter"],
            authors: try object["authors"].map { try Self.authors($0, identity) },
            moderators: try object["moderators"].map { try Self.identities($0, "moderators", identity) },
            resolvers: try object["resolvers"].map { try ResolverTable(json: $0) },
            asOf: try object["asOf"].map { try Self.time($0, time) },
            forked: try object["forked"].map { try Self.forked($0) }
        )
    }

    private static let parts: Set<Text> = ["filter", "authors", "moderators", "resolvers", "asOf", "forked"]

    private static func authors(_ json: JSONValue, _ identity: (String) -> PublicKey?) throws(FieldError) -> Authors {
        switch json {
        case "all": return .all
        case .array: return .these(try identities(json, "authors", identity))
        default: throw FieldError(.type, field: "authors", "authors are \"all\" or an array of dids or petnames")
        }
    }

    private static func identities(
        _ json: JSONValue,
        _ field: String,
        _ identity: (String) -> PublicKey?
    ) throws(FieldError) -> [PublicKey] {
        guard let items = json.array else {
            throw FieldError(.type, field: field, "\(field) are an array of dids or petnames")
        }
        var identities: [PublicKey] = []
        for (index, item) in items.enumerated() {
            let field = "\(field)[\(index)]"
            guard let name = item.text else { throw FieldError(.type, field: field, "an author is a did or a petname") }
            guard let key = identity(name.string) else { throw FieldError(.value, field: field, Self.unknownIdentity) }
            identities.append(key)
        }
        return identities
    }

    /// What is said of a name that nobody has.
    public static let unknownIdentity =
        "nobody in the list goes by this name, and it is no did; see: rhizome-keys list --all"

    private static func time(_ json: JSONValue, _ read: (JSONValue) -> Timestamp?) throws(FieldError) -> Timestamp {
        guard let time = read(json) else {
            throw FieldError(
                .type,
                field: "asOf",
                "asOf is µs since 1970 (16 digits), or where a person writes it a time by RFC 3339 (2026-01-31T12:00:00Z) "
                    + "or a date (2026-01-31)"
            )
        }
        return time
    }

    private static func forked(_ json: JSONValue) throws(FieldError) -> ForkPolicy {
        guard let name = json.text else { throw FieldError(.type, field: "forked", "forked is a text") }
        guard let forked = ForkPolicy(rawValue: name.string) else {
            throw FieldError(.value, field: "forked", "forked is \"allow\" or \"refuse\"")
        }
        return forked
    }
}

extension ResolverTable {
    /// Reads the JSON form.
    ///
    /// - Throws: ``FieldError`` with the way from the context on.
    fileprivate init(json: JSONValue) throws(FieldError) {
        let field = "resolvers"
        guard let table = json.object else {
            throw FieldError(.type, field: field, "resolvers are an object of collections, or * for all")
        }
        var named: [Text: [Text: StandardResolver]] = [:]
        for collection in table.members {
            let field = "\(field).\(collection.name)"
            try FieldError.checkName(collection.name, field: field)
            guard let row = collection.value.object else {
                throw FieldError(.type, field: field, "a collection's resolvers are an object of properties")
            }
            var properties: [Text: StandardResolver] = [:]
            for property in row.members {
                let field = "\(field).\(property.name)"
                try FieldError.checkName(property.name, field: field)
                guard let name = property.value.text else {
                    throw FieldError(.type, field: field, "a resolver is given by its name")
                }
                guard let resolver = StandardResolver(rawValue: name.string) else {
                    throw FieldError(.value, field: field, StandardResolver.unknown)
                }
                properties[property.name] = resolver
            }
            named[collection.name] = properties
        }
        self.init(named)
    }
}
