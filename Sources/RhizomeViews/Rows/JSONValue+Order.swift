internal import Bytes
package import StrictJSON

extension JSONValue {
    /// The order of what cells hold: absent, null, false, true, numbers, texts, arrays, objects (spec: query.md, "Values and
    /// sets").
    ///
    /// Numbers are compared for what they are, texts by their bytes; arrays are equal to each other here, and objects.
    ///
    /// - Returns: less than 0 where the first comes first, 0 where neither does, else more.
    package static func order(_ first: JSONValue?, _ second: JSONValue?) -> Int {
        if case .text(let one) = first, case .text(let other) = second {
            return one == other ? 0 : one < other ? -1 : 1
        }
        if let one = first.flatMap(Number.init), let other = second.flatMap(Number.init) {
            return Number.compare(one, other)
        }
        return rank(first) - rank(second)
    }

    private static func rank(_ cell: JSONValue?) -> Int {
        switch cell {
        case nil: 0
        case .null: 1
        case .bool(false): 2
        case .bool(true): 3
        case .integer, .float: 4
        case .text: 5
        case .array: 6
        case .object: 7
        }
    }
}
