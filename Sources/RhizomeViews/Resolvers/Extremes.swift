public import StrictJSON

/// The least number, compared exactly; of equals the one with the least CBOR bytes (spec: views.md, "Lossy": `min`).
public struct Minimum: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// The number, where it is one.
    public func state(of assertion: Assertion) -> Number? { Number(assertion.value) }

    /// The lesser one.
    public func combine(_ first: Number?, _ second: Number?) -> Number? {
        guard let first, let second else { return first ?? second }
        return second.precedes(first) ? second : first
    }

    /// The number; `nil` where there was none.
    public func value(of state: Number?) -> JSONValue? { state?.json }
}

/// The greatest number, compared exactly; of equals the one with the least CBOR bytes (spec: views.md, "Lossy": `max`).
public struct Maximum: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// The number, where it is one.
    public func state(of assertion: Assertion) -> Number? { Number(assertion.value) }

    /// The greater one.
    public func combine(_ first: Number?, _ second: Number?) -> Number? {
        guard let first, let second else { return first ?? second }
        switch Number.compare(first, second) {
        case 0: return second.precedes(first) ? second : first
        case let sign: return sign > 0 ? first : second
        }
    }

    /// The number; `nil` where there was none.
    public func value(of state: Number?) -> JSONValue? { state?.json }
}
