internal import Bytes
internal import DeterministicCBOR
internal import RhizomeViews
internal import StrictJSON

/// The order of what cells hold: absent, null, false, true, numbers, texts, arrays, objects (spec: query.md, "Values and
/// sets").
///
/// Numbers are compared for what they are, texts by their bytes; arrays are equal to each other here, and objects.
enum CellOrder {
    /// Less than 0 where the first comes first, 0 where neither does, else more.
    static func compare(_ first: JSONValue?, _ second: JSONValue?) -> Int {
        if case .text(let one) = first, case .text(let other) = second {
            return one == other ? 0 : one < other ? -1 : 1
        }
        if let one = Number(first), let other = Number(second) { return Number.compare(one, other) }
        return rank(first) - rank(second)
    }

    /// Distinct values in their order, ties by their deterministic CBOR.
    static func sorted(_ values: Set<JSONValue>) -> [JSONValue] {
        values.map { value in
            var writer = CBORWriter()
            value.write(to: &writer)
            return (value: value, encoded: writer.bytes)
        }.sorted { first, second in
            let sign = compare(first.value, second.value)
            return sign == 0 ? first.encoded.lexicographicallyPrecedes(second.encoded) : sign < 0
        }.map(\.value)
    }

    private static func rank(_ cell: JSONValue?) -> Int {
        switch cell {
        case nil: 0
        case .null: 1
        case .bool(false): 2
        case .bool(true): 3
        case .integer, .float: 4
        case .text: 5
        case .array: 6
        case .object: 7
        }
    }
}
