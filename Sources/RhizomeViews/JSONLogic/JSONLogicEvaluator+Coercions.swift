internal import Bytes

/// JavaScript's coercions (ECMA-262, "Type Conversion" and "Testing and Comparison Operations").
extension JSONLogicEvaluator {
    /// The value as a text: an array is its items with commas between them.
    mutating func text(of value: JSONLogicValue) throws(JSONLogicError) -> Text {
        if case .text(let text) = value { return text }
        var string = ""
        try append(value, to: &string)
        return Text(string)
    }

    /// Values one after the other, of which null and what isn't there are empty.
    mutating func join(
        _ values: [JSONLogicValue],
        separator: String,
        into string: inout String
    ) throws(JSONLogicError) {
        for (index, value) in values.enumerated() {
            try spend(steps: 1)
            if index > 0, !separator.isEmpty { try append(separator, to: &string) }
            switch value {
            case .undefined, .null: break
            default: try append(value, to: &string)
            }
        }
    }

    private mutating func append(_ value: JSONLogicValue, to string: inout String) throws(JSONLogicError) {
        switch value {
        case .undefined: try append("undefined", to: &string)
        case .null: try append("null", to: &string)
        case .bool(let bool): try append(bool ? "true" : "false", to: &string)
        case .number(let number): try append(JavaScriptNumber.text(number), to: &string)
        case .text(let text): try append(text.string, to: &string)
        case .array(let array): try join(array.items, separator: ",", into: &string)
        case .object: try append("[object Object]", to: &string)
        }
    }

    private mutating func append(_ part: String, to string: inout String) throws(JSONLogicError) {
        try spend(bytes: part.utf8.count)
        string += part
    }

    /// The value as a number: 0 for null and an empty text, NaN where it is none.
    mutating func number(of value: JSONLogicValue) throws(JSONLogicError) -> Double {
        switch value {
        case .undefined: return .nan
        case .null: return 0
        case .bool(let bool): return bool ? 1 : 0
        case .number(let number): return number
        case .text, .array, .object:
            let text = try text(of: value)
            try look(at: text)
            return JavaScriptNumber.number(text)
        }
    }

    /// The number with which the value's text begins, as `+` and `*` read their arguments.
    mutating func leadingNumber(of value: JSONLogicValue) throws(JSONLogicError) -> Double {
        // A number's text gives it back, but for the sign of zero.
        if case .number(let number) = value { return number == 0 ? 0 : number }
        let text = try text(of: value)
        try look(at: text)
        return JavaScriptNumber.leadingNumber(text)
    }

    /// An array or an object as a text, anything else as it is.
    private mutating func primitive(_ value: JSONLogicValue) throws(JSONLogicError) -> JSONLogicValue {
        switch value {
        case .array, .object: .text(try text(of: value))
        default: value
        }
    }

    // MARK: - Comparison

    /// `===`: of the same type and equal; arrays and objects are equal to themselves alone.
    mutating func isStrictlyEqual(
        _ left: JSONLogicValue,
        _ right: JSONLogicValue
    ) throws(JSONLogicError) -> Bool {
        switch (left, right) {
        case (.undefined, .undefined), (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.number(let left), .number(let right)): return left == right
        case (.text(let left), .text(let right)):
            guard left.count == right.count else { return false }
            try look(at: left)
            return left == right
        case (.array(let left), .array(let right)): return left === right
        case (.object(let left), .object(let right)): return left === right
        default: return false
        }
    }

    /// `==`: equal after what is of another type was made a number.
    mutating func isEqual(_ left: JSONLogicValue, _ right: JSONLogicValue) throws(JSONLogicError) -> Bool {
        switch (left, right) {
        case (.undefined, .null), (.null, .undefined): return true
        case (.undefined, .undefined), (.null, .null), (.bool, .bool), (.number, .number), (.text, .text),
            (.array, .array), (.object, .object), (.array, .object), (.object, .array):
            return try isStrictlyEqual(left, right)
        case (.undefined, _), (.null, _), (_, .undefined), (_, .null): return false
        case (.bool(let bool), let other), (let other, .bool(let bool)):
            return try isEqual(.number(bool ? 1 : 0), other)
        case (.number(let number), .text), (.text, .number(let number)):
            let text = if case .text = left { left } else { right }
            return try self.number(of: text) == number
        case (.array, _), (.object, _): return try isEqual(try primitive(left), right)
        case (_, .array), (_, .object): return try isEqual(left, try primitive(right))
        }
    }

    /// Whether `left` is less: two texts by their UTF-16 code units, all else as numbers; `nil` beside NaN.
    mutating func isLess(_ left: JSONLogicValue, _ right: JSONLogicValue) throws(JSONLogicError) -> Bool? {
        let (left, right) = (try primitive(left), try primitive(right))
        if case .text(let left) = left, case .text(let right) = right {
            try look(at: left.count < right.count ? left : right)
            return left.string.utf16.lexicographicallyPrecedes(right.string.utf16)
        }
        let (first, second) = (try number(of: left), try number(of: right))
        return first.isNaN || second.isNaN ? nil : first < second
    }
}
