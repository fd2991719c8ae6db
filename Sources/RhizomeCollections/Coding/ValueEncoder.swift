internal import Bytes
internal import RhizomeCore

/// Makes one value of a delta from something that encodes itself as a single value.
struct ValueEncoder {
    private final class Box: EncodingRefusals {
        var value: Value?
    }

    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    private let box = Box()

    /// Begins at a property.
    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    /// The value of a property.
    ///
    /// - Throws: `EncodingError` for arrays, objects, integers outside of Int64, NaN and infinities.
    static func value<Property: Encodable>(of property: Property, at path: [any CodingKey]) throws -> Value {
        // These would come back here by their own `encode(to:)`, and for ever.
        switch property {
        case let bool as Bool: return .bool(bool)
        case let text as String: return .text(Text(text))
        case let number as Double: return try value(of: number, at: path)
        case let number as Float: return try value(of: Double(number), at: path)
        case let integer as any FixedWidthInteger:
            guard let integer = Int64(exactly: integer) else {
                throw EncodingRefusals.error(property, at: path, "an integer of a delta is within Int64")
            }
            return .integer(integer)
        default: break
        }
        let encoder = ValueEncoder(codingPath: path)
        try property.encode(to: encoder)
        if let refusal = encoder.box.refusal { throw refusal }
        guard let value = encoder.box.value else {
            throw EncodingRefusals.error(property, at: path, "it encodes itself as nothing")
        }
        return value
    }

    private static func value(of number: Double, at path: [any CodingKey]) throws -> Value {
        guard let value = Value.number(number) else {
            throw EncodingRefusals.error(number, at: path, "a number of a delta is finite")
        }
        return value
    }
}

extension ValueEncoder: Encoder {
    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        box.refuseKeyed(by: type, at: codingPath)
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { box.refuseUnkeyed(at: codingPath) }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension ValueEncoder: SingleValueEncodingContainer {
    mutating func encodeNil() { box.value = .null }

    mutating func encode<Property: Encodable>(_ property: Property) throws {
        box.value = try Self.value(of: property, at: codingPath)
    }

    // Of these two types the protocol has its own, which throw.
    mutating func encode(_ value: Int128) throws { box.value = try Self.value(of: value, at: codingPath) }
    mutating func encode(_ value: UInt128) throws { box.value = try Self.value(of: value, at: codingPath) }
}
