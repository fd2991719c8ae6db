public import RhizomeCore
public import StrictJSON

/// A number that a delta asserts, compared for what it is: never rounded on the way (spec: views.md, "Lossy").
public enum Number: Hashable, Sendable {
    /// A whole number within Int64.
    case integer(Int64)
    /// Finite, and equal to no integer of at most 2^53.
    case float(Double)

    /// The number that a value is; `nil` for other values.
    public init?(_ value: Value) {
        switch value {
        case .integer(let integer): self = .integer(integer)
        case .float(let float): self = .float(float)
        case .null, .bool, .text: return nil
        }
    }

    /// The number of a JSON form; `nil` for other values, and for none.
    package init?(_ json: JSONValue?) {
        switch json {
        case .integer(let integer): self = .integer(integer)
        case .float(let float): self = .float(float)
        default: return nil
        }
    }

    /// The JSON form.
    public var json: JSONValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .float(let float): .float(float)
        }
    }

    /// Less than 0 where the first number is less, 0 where both are numerically equal, else more.
    package static func compare(_ first: Number, _ second: Number) -> Int {
        switch (first, second) {
        case (.integer(let first), .integer(let second)): order(first, second)
        case (.float(let first), .float(let second)): order(first, second)
        case (.integer(let first), .float(let second)): compare(first, second)
        case (.float(let first), .integer(let second)): -compare(second, first)
        }
    }

    /// Whether this number is less than another, or equal with lesser CBOR bytes.
    package func precedes(_ other: Number) -> Bool {
        switch Number.compare(self, other) {
        case 0:
            // Equal numbers of two kinds: an integer's head, 0x1b or 0x3b, is less than a float's, 0xfb.
            if case (.integer, .float) = (self, other) { true } else { false }
        case let sign: sign < 0
        }
    }

    private static func compare(_ integer: Int64, _ float: Double) -> Int {
        // 2^63 and its negative are exact as floats: beyond them every integer is on the other side.
        if float >= 0x1p63 { return -1 }
        if float < -0x1p63 { return 1 }
        let whole = float.rounded(.towardZero)
        let sign = order(integer, Int64(whole))
        return sign != 0 ? sign : order(whole, float)
    }

    private static func order<Compared: Comparable>(_ first: Compared, _ second: Compared) -> Int {
        first < second ? -1 : first == second ? 0 : 1
    }
}
