internal import Bytes
internal import IRegexp
public import StrictJSON

extension SchemaProperty {
    /// What can be wrong with a value (spec: schemas.md, "Writing through a schema").
    public enum Rule: String, Sendable {
        case required, type, min, max, minLength, maxLength, minItems, maxItems, pattern, oneOf, unexpected, derived
    }

    /// A value that a property can't have.
    public struct Violation: Hashable, Sendable {
        /// Which rule it breaks.
        public let rule: Rule
        /// The value; of many the one that is wrong, or how many there are; null where there is none.
        public let value: JSONValue
        /// What the rule asks for, as the schema says it.
        public let expected: JSONValue
    }

    /// What is wrong with a value that the property has after resolving.
    func violations(of value: JSONValue) -> [Violation] {
        guard isMany else { return violations(ofItem: value) }
        guard let items = value.array else {
            return [Violation(rule: .type, value: value, expected: .string("array of \(kind.rawValue)"))]
        }
        var found: [Violation] = []
        if let least = limits.leastItems, items.count < least {
            found.append(
                Violation(rule: .minItems, value: .integer(Int64(items.count)), expected: .integer(Int64(least)))
            )
        }
        if let most = limits.mostItems, items.count > most {
            found.append(
                Violation(rule: .maxItems, value: .integer(Int64(items.count)), expected: .integer(Int64(most)))
            )
        }
        return found + items.flatMap { violations(ofItem: $0) }
    }

    private func violations(ofItem value: JSONValue) -> [Violation] {
        guard kind.takes(value) else {
            return [Violation(rule: .type, value: value, expected: .string(kind.rawValue))]
        }
        var found: [Violation] = []
        func note(_ rule: Rule, _ expected: JSONValue) {
            found.append(Violation(rule: rule, value: value, expected: expected))
        }
        if let number = Number(value) {
            if let least = limits.least, let bound = Number(least), Number.compare(number, bound) < 0 {
                note(.min, least)
            }
            if let most = limits.most, let bound = Number(most), Number.compare(number, bound) > 0 { note(.max, most) }
        }
        if let text = value.text {
            if let least = limits.leastLength, text.string.unicodeScalars.count < least {
                note(.minLength, .integer(Int64(least)))
            }
            if let most = limits.mostLength, text.string.unicodeScalars.count > most {
                note(.maxLength, .integer(Int64(most)))
            }
            if let pattern = limits.pattern, !pattern.matches(text) { note(.pattern, .text(pattern.pattern)) }
        }
        if let choices = limits.oneOf, !choices.contains(where: { $0.isSame(as: value) }) {
            note(.oneOf, .array(choices))
        }
        return found
    }
}

extension SchemaProperty.Kind {
    /// Whether a value, without a look at limits, is of this kind.
    func takes(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.any, .text), (.any, .integer), (.any, .float), (.any, .bool), (.text, .text), (.integer, .integer),
            (.number, .integer), (.number, .float), (.boolean, .bool), (.reference, .text):
            true
        default: false
        }
    }
}

extension Number {
    /// The number that a JSON value is; `nil` for other values.
    init?(_ json: JSONValue) {
        switch json {
        case .integer(let integer): self = .integer(integer)
        case .float(let float): self = .float(float)
        default: return nil
        }
    }
}

extension JSONValue {
    /// Whether both are the same value: of numbers, whether they are numerically equal.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        if let first = Number(self), let second = Number(other) { return Number.compare(first, second) == 0 }
        return self == other
    }
}
