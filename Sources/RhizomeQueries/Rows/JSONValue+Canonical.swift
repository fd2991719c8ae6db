internal import Bytes
internal import DeterministicCBOR
internal import StrictJSON

extension JSONValue {
    /// The value with the members of objects in the order of deterministic CBOR, so that equal ones have equal bytes.
    ///
    /// Calls itself once for each level, which the readers of JSON and rules limit.
    var canonical: JSONValue {
        switch self {
        case .null, .bool, .integer, .text: self
        case .float(let float): JSONValue.number(float) ?? self
        case .array(let items): .array(items.map(\.canonical))
        case .object(let object):
            .object(
                object.members.sorted { ($0.name.count, $0.name) < ($1.name.count, $1.name) }
                    .reduce(into: JSONObject()) { $0.append($1.name, $1.value.canonical) }
            )
        }
    }

    /// Appends a canonical value as deterministic CBOR.
    func write(to writer: inout CBORWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let bool): writer.bool(bool)
        case .integer(let integer): writer.integer(integer)
        case .float(let float): writer.float(float)
        case .text(let text): writer.text(text)
        case .array(let items):
            writer.array(items.count)
            for item in items { item.write(to: &writer) }
        case .object(let object):
            writer.map(object.count)
            for member in object.members {
                writer.text(member.name)
                member.value.write(to: &writer)
            }
        }
    }
}
