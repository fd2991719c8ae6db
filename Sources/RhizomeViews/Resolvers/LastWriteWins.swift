public import StrictJSON

/// The value of the delta with the greatest (timeCreated, id bytes), null too: the default (spec: views.md, "Lossy").
public struct LastWriteWins: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// What it looks at.
    public var basis: ResolverBasis { .last }

    /// The assertion itself.
    public func state(of assertion: Assertion) -> Assertion { assertion }

    /// The later of two assertions.
    public func combine(_ first: Assertion, _ second: Assertion) -> Assertion {
        first.delta.moment < second.delta.moment ? second : first
    }

    /// What the assertion takes.
    public func approximateBytes(of state: Assertion) -> Int { state.approximateBytes }

    /// The value of the last one.
    public func value(of state: Assertion) -> JSONValue? { state.value.json }
}
