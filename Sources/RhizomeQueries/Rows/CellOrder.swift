internal import Bytes
internal import DeterministicCBOR
internal import RhizomeViews
internal import StrictJSON

/// The order of values with ties that are settled (spec: query.md, "Values and sets").
enum CellOrder {
    /// Distinct values in their order, ties by their deterministic CBOR.
    static func sorted(_ values: Set<JSONValue>) -> [JSONValue] {
        values.map { value in
            var writer = CBORWriter()
            value.write(to: &writer)
            return (value: value, encoded: writer.bytes)
        }.sorted { first, second in
            let sign = JSONValue.order(first.value, second.value)
            return sign == 0 ? first.encoded.lexicographicallyPrecedes(second.encoded) : sign < 0
        }.map(\.value)
    }
}
