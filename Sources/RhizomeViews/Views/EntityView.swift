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
        var values: [Text: JSONValue] = [:]
        for (property, assertions) in visible.assertions(about: id) {
            values[property] = resolver(property).resolve(assertions)
        }
        self.init(id: id, values: values)
    }

    /// An entity by the values of its properties.
    init(id: Text, values: [Text: JSONValue]) {
        self.id = id
        var properties = JSONObject()
        for (property, value) in values.sorted(by: { $0.key < $1.key }) { properties.append(property, value) }
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
