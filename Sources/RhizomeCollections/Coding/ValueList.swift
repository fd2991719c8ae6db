internal import Bytes
internal import RhizomeCore

/// Values that a property of many has: an array or a set.
protocol EncodableList {
    /// Each as a value.
    func values(at path: [any CodingKey]) throws -> [Value]
}

/// The same, to be read.
protocol DecodableList {
    /// The list of these values.
    static func list(of values: [Value], at path: [any CodingKey]) throws -> Self
}

extension Array: EncodableList where Element: Encodable {
    func values(at path: [any CodingKey]) throws -> [Value] { try map { try ValueEncoder.value(of: $0, at: path) } }
}

extension Set: EncodableList where Element: Encodable {
    func values(at path: [any CodingKey]) throws -> [Value] { try map { try ValueEncoder.value(of: $0, at: path) } }
}

extension Array: DecodableList where Element: Decodable {
    static func list(of values: [Value], at path: [any CodingKey]) throws -> [Element] {
        try values.map { try ValueDecoder(value: $0, codingPath: path).decode(Element.self) }
    }
}

extension Set: DecodableList where Element: Decodable {
    static func list(of values: [Value], at path: [any CodingKey]) throws -> Set<Element> {
        Set(try Array<Element>.list(of: values, at: path))
    }
}
