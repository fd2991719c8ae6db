internal import Bytes
internal import RhizomeCore
internal import RhizomeViews
internal import StrictJSON

/// Makes a `Decodable` value with named properties from an entity.
///
/// A property that is missing or null is `nil` where the type allows it. Properties that the type doesn't know are left
/// out of account. `id` is the entity's id.
struct EntityDecoder: Decoder {
    private let values: [Text: Value]
    private let lists: [Text: [Value]]
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    private init(values: [Text: Value], lists: [Text: [Value]]) {
        self.values = values
        self.lists = lists
    }

    /// Makes a value of an entity.
    ///
    /// - Throws: `DecodingError` that names the property; what the type's own `init(from:)` throws.
    static func decode<Entity: Decodable>(_ type: Entity.Type, from view: EntityView) throws -> Entity {
        var values: [Text: Value] = [:]
        var lists: [Text: [Value]] = [:]
        // What last-write-wins shows is one value; schemas may have many.
        for member in view.properties.members {
            values[member.name] = Value(member.value)
            lists[member.name] = member.value.array?.compactMap { Value($0) }
        }
        values[EntityPut.idProperty] = .text(view.id)
        return try Entity(from: EntityDecoder(values: values, lists: lists))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(PropertyDecodingContainer<Key>(root: self, values: values, lists: lists))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw ValueDecoder.mismatch([Any].self, at: codingPath, "an entity is a value with named properties")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw ValueDecoder.mismatch(Value.self, at: codingPath, "an entity is a value with named properties")
    }
}

private struct PropertyDecodingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let root: EntityDecoder
    let values: [Text: Value]
    let lists: [Text: [Value]]
    let codingPath: [any CodingKey] = []

    var allKeys: [Key] { (Array(values.keys) + lists.keys).sorted().compactMap { Key(stringValue: $0.string) } }

    private func value(_ key: Key) -> Value? { values[Text(key.stringValue)] }

    private func list(_ key: Key) -> [Value]? { lists[Text(key.stringValue)] }

    func contains(_ key: Key) -> Bool { value(key) != nil || list(key) != nil }

    func decodeNil(forKey key: Key) -> Bool { list(key) == nil && value(key) ?? .null == .null }

    func decode<Property: Decodable>(_ type: Property.Type, forKey key: Key) throws -> Property {
        try property(type, key)
    }

    // Of these two types the protocol has its own, which throw.
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try property(type, key) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try property(type, key) }

    private func property<Property: Decodable>(_ type: Property.Type, _ key: Key) throws -> Property {
        if let type = type as? any DecodableList.Type, value(key) == nil {
            // Of many there may be none.
            guard let found = try type.list(of: list(key) ?? [], at: [key]) as? Property else {
                preconditionFailure("a list of a type is of that type")
            }
            return found
        }
        guard let value = value(key) ?? (type is any ExpressibleByNilLiteral.Type ? .null : nil) else {
            throw DecodingError.keyNotFound(
                key,
                DecodingError.Context(
                    codingPath: codingPath,
                    debugDescription: "\(key.stringValue): the entity has no such property"
                )
            )
        }
        return try ValueDecoder(value: value, codingPath: [key]).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw ValueDecoder.mismatch([String: Any].self, at: [key], ValueDecoder.onlyValues)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw ValueDecoder.mismatch([Any].self, at: [key], ValueDecoder.onlyValues)
    }

    // As the encoder does: a parent's properties are the entity's.
    func superDecoder() -> any Decoder { root }

    func superDecoder(forKey key: Key) -> any Decoder { root }
}
