public import RhizomeCore
public import StrictJSON

extension Value {
    /// The JSON form of a delta's value (spec: delta.md, "JSON form").
    public var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .integer(let integer): .integer(integer)
        case .float(let float): .float(float)
        case .text(let text): .text(text)
        }
    }

    /// The value of its JSON form; `nil` for arrays and objects, which a delta doesn't have.
    public init?(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .integer(integer)
        case .float(let float):
            guard let number = Value.number(float) else { return nil }
            self = number
        case .text(let text): self = .text(text)
        case .array, .object: return nil
        }
    }
}
