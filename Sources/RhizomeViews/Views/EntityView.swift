public import Bytes
public import StrictJSON

/// An entity as its properties' values: the lossy view (spec: views.md, "Lossy").
public struct EntityView: Hashable, Sendable {
    /// The entity's id.
    public let id: Text
    /// The properties that have a value, by the bytes of their names.
    public let properties: JSONObject

    /// The view of an entity, or `nil` where it isn't visible.
    ///
    /// - Parameter resolver: which resolver a property has.
    public init?(
        of id: Text,
        in visible: VisibleDeltas,
        resolver: (_ property: Text) -> any Resolver = { _ in LastWriteWins() }
    ) {
        guard visible.isVisible(id) else { return nil }
        var properties = JSONObject()
        for (property, assertions) in visible.assertions(about: id).sorted(by: { $0.key < $1.key }) {
            if let value = resolver(property).resolve(assertions) { properties.append(property, value) }
        }
        self.init(id: id, properties: properties)
    }

    /// An entity by its properties that have a value, by the bytes of their names.
    init(id: Text, properties: JSONObject) {
        self.id = id
        self.properties = properties
    }

    /// An entity of which nothing is visible.
    public init(absent id: Text) {
        self.id = id
        properties = JSONObject()
    }

    /// `{"id", "properties"}` (spec: http.md).
    public var json: JSONValue { ["id": .text(id), "properties": .object(properties)] }
}
