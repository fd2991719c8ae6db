internal import Bytes

extension JSONLogicEvaluator {
    /// What an operator says of its arguments; those that are left out are undefined.
    mutating func apply(
        _ known: JSONLogicOperator,
        to arguments: [JSONLogicValue],
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> JSONLogicValue {
        func argument(_ index: Int) -> JSONLogicValue { index < arguments.count ? arguments[index] : .undefined }
        switch known {
        case .equal, .strictlyEqual, .notEqual, .notStrictlyEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
            .in:
            let first = try compare(known, argument(0), argument(1)) ?? .undefined
            if case .undefined = argument(2) { return first }
            return first.isTruthy ? try compare(known, argument(1), argument(2)) ?? .undefined : first
        case .not: return .bool(!argument(0).isTruthy)
        case .truth: return .bool(argument(0).isTruthy)
        case .log: return argument(0)
        case .subtract, .divide, .remainder: return .number(try calculate(known, argument(0), argument(1)))
        case .add, .multiply: return try accumulate(known, arguments)
        case .min, .max: return .number(try extreme(known, of: arguments))
        case .merge: return try merge(arguments)
        case .cat:
            var string = ""
            try join(arguments, separator: "", into: &string)
            return .text(Text(string))
        case .substr: return .text(try part(of: argument(0), from: argument(1), argument(2)))
        case .missing: return try array(of: try missing(arguments, in: scope))
        case .missingSome:
            return try array(of: try missingSome(needed: argument(0), keys: argument(1), in: scope))
        }
    }

    /// What an operator says of two values, `nil` for one that isn't about a relation between two.
    mutating func compare(
        _ known: JSONLogicOperator,
        _ left: JSONLogicValue,
        _ right: JSONLogicValue
    ) throws(JSONLogicError) -> JSONLogicValue? {
        switch known {
        case .equal: .bool(try isEqual(left, right))
        case .strictlyEqual: .bool(try isStrictlyEqual(left, right))
        case .notEqual: .bool(!(try isEqual(left, right)))
        case .notStrictlyEqual: .bool(!(try isStrictlyEqual(left, right)))
        case .less: .bool(try isLess(left, right) == true)
        case .lessOrEqual: .bool(try isLess(right, left) == false)
        case .greater: .bool(try isLess(right, left) == true)
        case .greaterOrEqual: .bool(try isLess(left, right) == false)
        case .in: .bool(try isFound(left, in: right))
        default: nil
        }
    }

    // MARK: - Numbers

    private mutating func calculate(
        _ known: JSONLogicOperator,
        _ first: JSONLogicValue,
        _ second: JSONLogicValue
    ) throws(JSONLogicError) -> Double {
        let left = try number(of: first)
        if known == .subtract, case .undefined = second { return -left }
        let right = try number(of: second)
        return switch known {
        case .divide: left / right
        case .remainder: left.truncatingRemainder(dividingBy: right)
        default: left - right
        }
    }

    /// `+` begins with 0, `*` with its first argument, which alone stays what it is.
    private mutating func accumulate(
        _ known: JSONLogicOperator,
        _ arguments: [JSONLogicValue]
    ) throws(JSONLogicError) -> JSONLogicValue {
        var result = known == .add ? .number(0) : arguments.first ?? .undefined
        for argument in known == .add ? arguments[...] : arguments.dropFirst() {
            let (left, right) = (try leadingNumber(of: result), try leadingNumber(of: argument))
            result = .number(known == .add ? left + right : left * right)
        }
        return result
    }

    /// The least or greatest number, NaN where one is none; -0 is less than 0.
    private mutating func extreme(
        _ known: JSONLogicOperator,
        of arguments: [JSONLogicValue]
    ) throws(JSONLogicError) -> Double {
        var extreme: Double = known == .min ? .infinity : -.infinity
        for argument in arguments {
            let number = try number(of: argument)
            if extreme.isNaN || number.isNaN {
                extreme = .nan
            } else if known == .min {
                if number < extreme || number == extreme && number.sign == .minus { extreme = number }
            } else {
                if number > extreme || number == extreme && number.sign == .plus { extreme = number }
            }
        }
        return extreme
    }

    // MARK: - Arrays and texts

    private mutating func merge(_ arguments: [JSONLogicValue]) throws(JSONLogicError) -> JSONLogicValue {
        var items: [JSONLogicValue] = []
        var bytes = 0
        for argument in arguments {
            guard case .array(let array) = argument else {
                items.append(argument)
                continue
            }
            // Looked at before memory is taken: a short rule can name a long array many times.
            try spend(steps: array.items.count)
            bytes = bytes.saturatingSum(array.weight)
            try check(bytes: bytes)
            items.append(contentsOf: array.items)
        }
        return try self.array(of: items)
    }

    /// `in`: an item that is strictly equal, or a part of a text.
    private mutating func isFound(_ value: JSONLogicValue, in holder: JSONLogicValue) throws(JSONLogicError) -> Bool {
        switch holder {
        case .array(let array):
            for item in array.items {
                try spend(steps: 1)
                if try isStrictlyEqual(item, value) { return true }
            }
            return false
        case .text(let text) where text.count > 0: return try contains(text, try self.text(of: value))
        default: return false
        }
    }

    /// Whether a text is part of another, in time that grows with both lengths added (Knuth, Morris and Pratt).
    private mutating func contains(_ text: Text, _ part: Text) throws(JSONLogicError) -> Bool {
        guard part.count <= text.count else { return false }
        try look(at: text)
        try look(at: part)
        try spend(bytes: part.count * (1 + MemoryLayout<Int>.stride))
        let wanted = Array(part.utf8)
        // How much of the beginning is still matched where the byte after it doesn't match.
        var fallbacks: [Int] = []
        fallbacks.reserveCapacity(wanted.count)
        for index in wanted.indices {
            var matched = index == 0 ? 0 : fallbacks[index - 1]
            while matched > 0, wanted[matched] != wanted[index] { matched = fallbacks[matched - 1] }
            fallbacks.append(index > 0 && wanted[matched] == wanted[index] ? matched + 1 : 0)
        }
        var matched = 0
        for byte in text.utf8 {
            if matched == wanted.count { return true }
            while matched > 0, wanted[matched] != byte { matched = fallbacks[matched - 1] }
            if wanted[matched] == byte { matched += 1 }
        }
        return matched == wanted.count
    }

    /// `substr`, counted in UTF-16 code units: from a place, or from the end where it is negative, so many, or without
    /// so many at the end where that is negative.
    private mutating func part(
        of value: JSONLogicValue,
        from start: JSONLogicValue,
        _ length: JSONLogicValue
    ) throws(JSONLogicError) -> Text {
        let text = try text(of: value)
        try look(at: text)
        try spend(bytes: 2 * text.count)
        let units = Array(text.string.utf16)
        let start = clamp(try number(of: start), to: -units.count...units.count)
        let tail = units[(start < 0 ? units.count + start : start)...]
        let count: Int
        switch length {
        case .undefined: count = tail.count
        default:
            let number = try self.number(of: length)
            if number < 0 {
                // The reference adds a text to a number here, which gives a text that is no number.
                switch length {
                case .text, .array: count = 0
                default: count = clamp(Double(tail.count) + number, to: 0...tail.count)
                }
            } else {
                count = clamp(number, to: 0...tail.count)
            }
        }
        // Half a surrogate pair is replaced here.
        return Text(String(decoding: tail.prefix(count), as: UTF16.self))
    }

    /// Without its fraction, and 0 for NaN.
    private func clamp(_ number: Double, to range: ClosedRange<Int>) -> Int {
        if number.isNaN { return 0 }
        return Int(min(max(number, Double(range.lowerBound)), Double(range.upperBound)))
    }
}
