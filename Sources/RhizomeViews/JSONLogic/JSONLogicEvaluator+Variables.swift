internal import Bytes

extension JSONLogicEvaluator {
    /// What a path leads to; `nil` where it leads nowhere.
    mutating func find(_ path: JSONLogicPath, in scope: JSONLogicScope) throws(JSONLogicError) -> JSONLogicValue? {
        guard case .steps(let steps) = path else {
            switch scope {
            case .value(let value): return value
            case .record(let reader): return .object(reader.whole)
            }
        }
        var rest = steps[...]
        var value: JSONLogicValue?
        switch scope {
        case .value(let data): value = data
        case .record(let reader): value = rest.popFirst().flatMap { reader.member($0.name) }
        }
        while let holder = value, let step = rest.popFirst() { value = try member(step, of: holder) }
        return if case .undefined = value { nil } else { value }
    }

    /// What a computed path leads to: nothing at all is the data itself, everything else is a text.
    mutating func find(_ path: JSONLogicValue, in scope: JSONLogicScope) throws(JSONLogicError) -> JSONLogicValue? {
        switch path {
        case .undefined, .null: return try find(.whole, in: scope)
        case .text(let text) where text.count == 0: return try find(.whole, in: scope)
        default: break
        }
        let text = try text(of: path)
        try look(at: text)
        let dots = text.utf8.count { $0 == UInt8(ascii: ".") }
        try spend(steps: dots)
        try spend(bytes: dots * MemoryLayout<JSONLogicPath.Step>.stride + text.count)
        return try find(JSONLogicPath(text), in: scope)
    }

    /// A member of an object, an item of an array, a UTF-16 code unit of a text, or the length of one of these two.
    private mutating func member(
        _ step: JSONLogicPath.Step,
        of value: JSONLogicValue
    ) throws(JSONLogicError) -> JSONLogicValue? {
        try spend(steps: 1)
        switch value {
        case .undefined, .null, .bool, .number: return nil
        case .object(let object):
            try spend(steps: object.members.count * (1 + (step.name.count >> 4)) >> 3)
            return object[step.name]
        case .array(let array):
            if step.name == "length" { return .number(Double(array.items.count)) }
            return step.index.flatMap { array.items.indices.contains($0) ? array.items[$0] : nil }
        case .text(let text):
            try look(at: text)
            let units = text.string.utf16
            if step.name == "length" { return .number(Double(units.count)) }
            guard let index = step.index, index < text.count, index < units.count else { return nil }
            let unit = units[units.index(units.startIndex, offsetBy: index)]
            return .text(Text(String(decoding: CollectionOfOne(unit), as: UTF16.self)))
        }
    }

    // MARK: - Missing

    /// Which keys lead to nothing, to null or to an empty text: those of the first argument where it is an array.
    mutating func missing(
        _ arguments: [JSONLogicValue],
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> [JSONLogicValue] {
        var keys = arguments
        if case .array(let array) = arguments.first { keys = array.items }
        var missing: [JSONLogicValue] = []
        for key in keys {
            try spend(steps: 1)
            switch try value(of: key, in: scope) {
            case .null: missing.append(key)
            case .text(let text) where text.count == 0: missing.append(key)
            default: break
            }
        }
        return missing
    }

    /// What `var` gives for a key that was computed: an array is a path and what to take instead.
    private mutating func value(
        of key: JSONLogicValue,
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> JSONLogicValue {
        guard case .array(let array) = key else { return try find(key, in: scope) ?? .null }
        if let value = try find(array.items.first ?? .undefined, in: scope) { return value }
        guard array.items.count > 1 else { return .null }
        return if case .undefined = array.items[1] { .null } else { array.items[1] }
    }

    /// What is missing of the keys, or nothing where as many are there as are needed.
    mutating func missingSome(
        needed: JSONLogicValue,
        keys: JSONLogicValue,
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> [JSONLogicValue] {
        let missing: [JSONLogicValue]
        switch keys {
        case .undefined, .null: return []
        case .array(let array): missing = try self.missing(array.items, in: scope)
        default: missing = try self.missing([keys], in: scope)
        }
        let length = try number(of: try member(JSONLogicPath.Step("length"), of: keys) ?? .undefined)
        let found = JSONLogicValue.number(length - Double(missing.count))
        return try isLess(found, needed) == false ? [] : missing
    }
}
