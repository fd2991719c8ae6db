public import Bytes
public import StrictJSON

/// A value as JSON-Logic computes with it: one of JavaScript's.
///
/// Numbers are binary64 (spec: views.md, "JSON-Logic"). Arrays and objects are equal to themselves alone, as in
/// JavaScript, and are shared, never copied.
public enum JSONLogicValue: Sendable {
    /// What isn't there, such as the argument that was left out.
    case undefined
    /// JSON's null.
    case null
    /// True or false.
    case bool(Bool)
    /// Any number, NaN and infinities too.
    case number(Double)
    /// A text, compared by its bytes.
    case text(Text)
    /// An array.
    case array(JSONLogicArray)
    /// An object.
    case object(JSONLogicObject)

    /// The value of JSON; an integer that binary64 lacks becomes the nearest that it has.
    ///
    /// Calls itself once for each level.
    ///
    /// - Complexity: O(size).
    public init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .number(Double(integer))
        case .float(let float): self = .number(float)
        case .text(let text): self = .text(text)
        case .array(let items): self = .array(JSONLogicArray(items.map { JSONLogicValue($0) }))
        case .object(let object):
            self = .object(JSONLogicObject(object.members.map { ($0.name, JSONLogicValue($0.value)) }))
        }
    }

    /// The value as JSON, in which what isn't there, NaN and infinities are null, as `JSON.stringify` has it.
    ///
    /// A result's size is within its budget's bytes.
    ///
    /// - Complexity: O(size).
    public var json: JSONValue {
        switch self {
        case .undefined, .null: .null
        case .bool(let bool): .bool(bool)
        case .number(let number): JSONValue.number(number) ?? .null
        case .text(let text): .text(text)
        case .array(let array): .array(array.items.map(\.json))
        case .object(let object):
            .object(object.members.reduce(into: JSONObject()) { $0.append($1.name, $1.value.json) })
        }
    }

    /// Whether a condition holds: JavaScript's truthiness, in which JSON-Logic has empty arrays be false.
    public var isTruthy: Bool {
        switch self {
        case .undefined, .null: false
        case .bool(let bool): bool
        case .number(let number): number != 0 && !number.isNaN
        case .text(let text): !text.string.isEmpty
        case .array(let array): !array.items.isEmpty
        case .object: true
        }
    }

    /// About how many bytes of memory the value takes, all that it holds included, whether shared or not.
    var weight: Int {
        switch self {
        case .undefined, .null, .bool, .number: 24
        case .text(let text): 24 + text.count
        case .array(let array): array.weight
        case .object(let object): object.weight
        }
    }

    /// How many levels of arrays and objects the value has.
    var depth: Int {
        switch self {
        case .array(let array): array.depth
        case .object(let object): object.depth
        default: 0
        }
    }
}

/// An array of JSON-Logic, with an identity of its own.
public final class JSONLogicArray: Sendable {
    /// The items in order.
    public let items: [JSONLogicValue]
    let weight: Int
    let depth: Int

    /// A new array.
    public init(_ items: [JSONLogicValue]) {
        self.items = items
        weight = items.reduce(48) { $0.saturatingSum($1.weight) }
        depth = 1 + items.reduce(0) { max($0, $1.depth) }
    }

    /// Another array that shares all items of one.
    init(sharing array: JSONLogicArray) {
        items = array.items
        weight = array.weight
        depth = array.depth
    }
}

/// An object of JSON-Logic, with an identity of its own.
public final class JSONLogicObject: Sendable {
    /// The members in order, each name once.
    public let members: [(name: Text, value: JSONLogicValue)]
    let weight: Int
    let depth: Int

    /// A new object; the caller promises that no name occurs twice.
    public init(_ members: [(name: Text, value: JSONLogicValue)]) {
        self.members = members
        weight = members.reduce(48) { $0.saturatingSum($1.value.weight).saturatingSum(24 + $1.name.count) }
        depth = 1 + members.reduce(0) { max($0, $1.value.depth) }
    }

    /// The value of a member.
    ///
    /// - Complexity: O(count).
    subscript(name: Text) -> JSONLogicValue? { members.first { $0.name == name }?.value }
}

extension Int {
    /// The sum, or the greatest integer where there is none: what is shared can weigh more than any memory has.
    func saturatingSum(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
