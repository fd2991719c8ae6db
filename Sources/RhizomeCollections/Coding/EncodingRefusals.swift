/// Keeps the first thing of an encoding that a delta can't hold.
///
/// Asking an encoder for a container can't throw, and an empty array encodes nothing in its container: so the refusal is
/// noted when the container is asked for.
class EncodingRefusals {
    /// The first one.
    private(set) var refusal: EncodingError?

    /// An error at a place.
    static func error(_ value: Any, at path: [any CodingKey], _ why: String) -> EncodingError {
        let place = path.map(\.stringValue).joined(separator: ".")
        let message = place.isEmpty ? why : "\(place): \(why)"
        return .invalidValue(value, EncodingError.Context(codingPath: path, debugDescription: message))
    }

    /// Notes that something other than values by name was to be encoded.
    func refuse(at path: [any CodingKey]) {
        guard refusal == nil else { return }
        refusal = Self.error(
            [Any](),
            at: path,
            path.isEmpty
                ? "an entity is a value with named properties"
                : "a property is a text, a number, true, false or null; arrays and objects need entities of their own"
        )
    }

    /// A container of which nothing is taken.
    func refuseUnkeyed(at path: [any CodingKey]) -> any UnkeyedEncodingContainer {
        refuse(at: path)
        return RefusedContainer(refusals: self, codingPath: path)
    }

    /// A container of which nothing is taken.
    func refuseKeyed<Key: CodingKey>(by type: Key.Type, at path: [any CodingKey]) -> KeyedEncodingContainer<Key> {
        refuse(at: path)
        return KeyedEncodingContainer(RefusedKeyedContainer<Key>(container: .init(refusals: self, codingPath: path)))
    }
}

/// Takes nothing, whatever is encoded: the refusal is noted already.
private struct RefusedContainer: UnkeyedEncodingContainer {
    let refusals: EncodingRefusals
    let codingPath: [any CodingKey]
    var count: Int { 0 }

    func encodeNil() {}

    func encode<Item: Encodable>(_ item: Item) throws {
        if let refusal = refusals.refusal { throw refusal }
    }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        refusals.refuseKeyed(by: type, at: codingPath)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }

    func superEncoder() -> any Encoder { ValueEncoder(codingPath: codingPath) }
}

private struct RefusedKeyedContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let container: RefusedContainer
    var codingPath: [any CodingKey] { container.codingPath }

    func encodeNil(forKey key: Key) {}

    func encode<Item: Encodable>(_ item: Item, forKey key: Key) throws { try container.encode(item) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { container.nestedContainer(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { container }

    func superEncoder() -> any Encoder { container.superEncoder() }

    func superEncoder(forKey key: Key) -> any Encoder { container.superEncoder() }
}
