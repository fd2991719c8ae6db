public import Bytes

/// A JSON value by the rules of spec: delta.md, "JSON form".
///
/// Texts are compared by their bytes, and a number is an integer or a float as it would be in a delta: a float here
/// never equals an integer with |x| ≤ 2^53. ``number(_:)`` and the parser see to that.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Finite. The writer shows a `.` or an exponent.
    case float(Double)
    case text(Text)
    case array([JSONValue])
    case object(JSONObject)

    /// The value of a number: an integer where it equals one with |x| ≤ 2^53, else a float.
    ///
    /// `nil` for NaN and infinity.
    public static func number(_ number: Double) -> JSONValue? {
        guard number.isFinite else { return nil }
        if abs(number) <= 9_007_199_254_740_992, let integer = Int64(exactly: number) { return .integer(integer) }
        return .float(number)
    }

    /// A text given as a string.
    public static func string(_ string: String) -> JSONValue { .text(Text(string)) }

    /// The text, where it is one.
    public var text: Text? { if case .text(let text) = self { text } else { nil } }

    /// The integer, where it is one.
    public var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }

    /// true or false, where it is one of them.
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }

    /// The items, where it is an array.
    public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }

    /// The object, where it is one.
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A text written in the source.
    public init(stringLiteral value: String) { self = .text(Text(value)) }

    /// An integer written in the source.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// true or false written in the source.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// An array written in the source.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// An object written in the source, in that order.
    public init(dictionaryLiteral elements: (Text, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object.append(name, value) }
        self = .object(object)
    }
}
