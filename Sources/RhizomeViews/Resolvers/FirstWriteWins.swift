public import StrictJSON

/// The value of the delta with the least (timeCreated, id bytes), null too (spec: views.md, "Lossy").
public struct FirstWriteWins: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// What it looks at.
    public var basis: ResolverBasis { .first }

    /// The assertion itself.
    public func state(of assertion: Assertion) -> Assertion { assertion }

    /// The earlier of two assertions.
    public func combine(_ first: Assertion, _ second: Assertion) -> Assertion {
        second.delta.moment < first.delta.moment ? second : first
    }

    /// What the assertion takes.
    public func approximateBytes(of state: Assertion) -> Int { state.approximateBytes }

    /// The value of the first one.
    public func value(of state: Assertion) -> JSONValue? { state.value.json }
}
