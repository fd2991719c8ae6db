internal import Bytes
internal import RhizomeCore
internal import RhizomeViews
internal import StrictJSON

/// Makes the properties of an entity from an `Encodable` value with named properties.
///
/// A property is one value: a text, a number, a truth value, or what encodes itself as one of them, as enumerations with
/// a raw value do. A property that is `nil` becomes null, which clears it. `id` is left to the caller.
enum EntityEncoder {
    /// The properties of a value, in the order in which it encodes them, with `id` among them where it encodes one.
    ///
    /// - Parameter takesLists: whether a property may be an array of values, as schemas have it.
    /// - Throws: `EncodingError` that names the way to what a delta can't hold; what the value's own `encode(to:)`
    ///   throws.
    static func properties(of entity: some Encodable, takingLists takesLists: Bool = false) throws -> JSONObject {
        let properties = EncodedProperties(takesLists: takesLists)
        try entity.encode(to: RootEncoder(properties: properties))
        if let refusal = properties.refusal { throw refusal }
        var object = JSONObject()
        for name in properties.names {
            if let value = properties.values[name] { object.append(name, value) }
        }
        return object
    }
}

/// What all containers of one encoding write into.
private final class EncodedProperties: EncodingRefusals {
    private(set) var names: [Text] = []
    private(set) var values: [Text: JSONValue] = [:]
    let takesLists: Bool

    init(takesLists: Bool) { self.takesLists = takesLists }

    /// Sets a property; of two the last one counts.
    func set(_ key: some CodingKey, _ value: JSONValue) {
        let name = Text(key.stringValue)
        if values.updateValue(value, forKey: name) == nil { names.append(name) }
    }
}

private struct RootEncoder: Encoder {
    let properties: EncodedProperties
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(PropertyContainer<Key>(properties: properties))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { properties.refuseUnkeyed(at: codingPath) }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        properties.refuse(at: codingPath)
        // What is written here gets nowhere: the refusal is thrown at the end.
        return ValueEncoder(codingPath: codingPath)
    }
}

private struct PropertyContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let properties: EncodedProperties
    let codingPath: [any CodingKey] = []

    mutating func encodeNil(forKey key: Key) { properties.set(key, .null) }

    mutating func encode<Property: Encodable>(_ property: Property, forKey key: Key) throws {
        try set(key, property)
    }

    private func set(_ key: Key, _ property: some Encodable) throws {
        if properties.takesLists, let list = property as? any EncodableList {
            properties.set(key, .array(try list.values(at: [key]).map(\.json)))
        } else {
            properties.set(key, try ValueEncoder.value(of: property, at: [key]).json)
        }
    }

    // Of these two types the protocol has its own, which throw.
    mutating func encode(_ value: Int128, forKey key: Key) throws { try set(key, value) }
    mutating func encode(_ value: UInt128, forKey key: Key) throws { try set(key, value) }

    // The protocol's own leave out what is nil; here it has to be cleared. One for each type, since a generic one
    // doesn't replace them.
    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: Int128?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent(_ value: UInt128?, forKey key: Key) throws { try encode(value, forKey: key) }
    mutating func encodeIfPresent<Property: Encodable>(_ value: Property?, forKey key: Key) throws {
        try encode(value, forKey: key)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        properties.refuseKeyed(by: type, at: [key])
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        properties.refuseUnkeyed(at: [key])
    }

    // A subclass may encode its parent's properties beside its own; they are the entity's all the same.
    mutating func superEncoder() -> any Encoder { RootEncoder(properties: properties) }

    mutating func superEncoder(forKey key: Key) -> any Encoder { RootEncoder(properties: properties) }
}
