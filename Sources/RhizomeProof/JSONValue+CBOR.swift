internal import Bytes
internal import DeterministicCBOR
internal import StrictJSON

extension JSONValue {
    /// The same value in CBOR; objects are maps with texts as keys.
    var cbor: CBORValue {
        switch self {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .integer(let integer): .integer(integer)
        case .float(let float): .float(float)
        case .text(let text): .text(text)
        case .array(let items): .array(items.map(\.cbor))
        case .object(let object):
            .map(Dictionary(object.members.map { (.text($0.name), $0.value.cbor) }) { first, _ in first })
        }
    }

    /// The JSON form of a value; `nil` where there is none, as for byte strings and other keys than texts.
    init?(_ value: CBORValue) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .integer(integer)
        case .float(let float): self = .float(float)
        case .text(let text): self = .text(text)
        case .bytes: return nil
        case .array(let items):
            let values = items.compactMap { JSONValue($0) }
            guard values.count == items.count else { return nil }
            self = .array(values)
        case .map(let members):
            var named: [(name: Text, value: JSONValue)] = []
            for (key, value) in members {
                guard case .text(let name) = key, let value = JSONValue(value) else { return nil }
                named.append((name, value))
            }
            var object = JSONObject()
            for (name, value) in named.sorted(by: { $0.name < $1.name }) { object.append(name, value) }
            self = .object(object)
        }
    }
}
