internal import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements
internal import StrictJSON

/// The variable parts of paths.
enum Path {
    static let collection = PathParameter<Text>(
        "collection",
        "The name under which entities are referenced",
        .name.with(
            "not",
            ["anyOf": [["enum": .array(ReservedNames.collections.sorted().map { .text($0) })], ["pattern": "^_"]]]
        ),
        exceptFor: ReservedNames.isReserved
    ) { text throws(APIError) in
        guard text.count <= DeltaLimits.nameBytes else {
            throw .badInput("a name has at most \(DeltaLimits.nameBytes) bytes", field: "collection")
        }
        return text
    }
    /// An entity's id beside the lists of its collection.
    static let id = PathParameter<Text>(
        "id",
        "The entity's id",
        .name.with("not", ["enum": .array(ReservedNames.ids.sorted().map { .text($0) })]),
        exceptFor: ReservedNames.ids.contains
    )
    /// An entity's id where each can be reached.
    static let entity = PathParameter<Text>("id", "The entity's id", .name)
    static let delta = PathParameter<DeltaID>("id", "The delta's id", .deltaID) { text throws(APIError) in
        guard let id = DeltaID(hex: text.string) else {
            throw .badInput("a delta's id has 64 lower-case hex digits", field: "id")
        }
        return id
    }
    static let did = PathParameter<PublicKey>("did", "The author", .did) { text throws(APIError) in
        guard let key = try? PeerText(parsing: text.string).identity else {
            throw .badInput("this is no did", field: "did")
        }
        return key
    }
    static let relation = PathParameter<Text>("relation", "The relation's name", .name)
    /// A definition's name.
    static let definition = PathParameter<Text>(
        "name",
        "The definition's name: this node's own, or another author's as NAME@did or NAME@petname",
        .text.with("minLength", 1)
    )
}
