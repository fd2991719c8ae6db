internal import Bytes
internal import RhizomeCore

/// Makes a property of a value of a delta.
struct ValueDecoder {
    /// Why a property isn't an array or an object.
    static let onlyValues = "a property is a text, a number, true, false or null"

    let value: Value
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// An error about a property's type.
    static func mismatch(_ type: Any.Type, at path: [any CodingKey], _ why: String) -> DecodingError {
        let place = path.map(\.stringValue).joined(separator: ".")
        let message = place.isEmpty ? why : "\(place): \(why)"
        return .typeMismatch(type, DecodingError.Context(codingPath: path, debugDescription: message))
    }

    private func mismatch(_ type: Any.Type) -> DecodingError {
        let kind =
            switch value {
            case .null: "null"
            case .bool: "true or false"
            case .integer: "an integer"
            case .float: "a number with a fraction, or beyond 2^53"
            case .text: "a text"
            }
        return Self.mismatch(type, at: codingPath, "the value is \(kind), not \(type)")
    }

    /// What can be had of the value without asking the type; `nil` where the type itself has to be asked.
    private func plain(_ type: Any.Type) throws -> Any? {
        switch type {
        case is Bool.Type:
            guard case .bool(let bool) = value else { throw mismatch(type) }
            return bool
        case is String.Type:
            guard case .text(let text) = value else { throw mismatch(type) }
            return text.string
        case is Double.Type: return try number(type)
        case is Float.Type:
            let number = Float(try number(type))
            guard number.isFinite else { throw mismatch(type) }
            return number
        case let type as any FixedWidthInteger.Type:
            guard case .integer(let integer) = value, let exact = Self.exactly(integer, type) else {
                throw mismatch(type)
            }
            return exact
        default: return nil
        }
    }

    private static func exactly<Integer: FixedWidthInteger>(_ integer: Int64, _ type: Integer.Type) -> Any? {
        Integer(exactly: integer)
    }

    private func number(_ type: Any.Type) throws -> Double {
        switch value {
        case .float(let number): return number
        case .integer(let integer):
            // Beyond 2^53 not each integer is a double: better none than another one.
            guard let number = Double(exactly: integer) else { throw mismatch(type) }
            return number
        case .null, .bool, .text: throw mismatch(type)
        }
    }
}

extension ValueDecoder: Decoder {
    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw Self.mismatch([String: Any].self, at: codingPath, Self.onlyValues)
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw Self.mismatch([Any].self, at: codingPath, Self.onlyValues)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension ValueDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value == .null }

    func decode<Property: Decodable>(_ type: Property.Type) throws -> Property { try property(type) }

    // Of these two types the protocol has its own, which throw.
    func decode(_ type: Int128.Type) throws -> Int128 { try property(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try property(type) }

    private func property<Property: Decodable>(_ type: Property.Type) throws -> Property {
        if value == .null, !(type is any ExpressibleByNilLiteral.Type) {
            let place = codingPath.map(\.stringValue).joined(separator: ".")
            throw DecodingError.valueNotFound(
                type,
                DecodingError.Context(codingPath: codingPath, debugDescription: "\(place): the property is cleared")
            )
        }
        guard let plain = try plain(type) else { return try Property(from: self) }
        guard let property = plain as? Property else { throw mismatch(type) }
        return property
    }
}
