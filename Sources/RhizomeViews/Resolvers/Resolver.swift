public import StrictJSON

/// How the assertions about one property become its value (spec: views.md, "Lossy").
///
/// Partial states are combined in any order and grouping, so that a view can be kept up to date by each new delta, and
/// parts of it can be made apart. For all states *a*, *b*, *c*:
///
///     combine(a, b) = combine(b, a)        combine(a, combine(b, c)) = combine(combine(a, b), c)
///
/// Each assertion takes part once.
public protocol Resolver: Sendable {
    /// What is known of the assertions that have been seen.
    associatedtype State: Sendable

    /// The state that one assertion makes.
    func state(of assertion: Assertion) -> State

    /// The state of all that made either of two.
    func combine(_ first: State, _ second: State) -> State

    /// The property's value; `nil` where the resolver found nothing that it works on.
    func value(of state: State) -> JSONValue?
}

extension Resolver {
    /// The value that all these assertions give a property; `nil` also where there are none.
    public func resolve(_ assertions: some Sequence<Assertion>) -> JSONValue? {
        var state: State?
        for assertion in assertions {
            let next = self.state(of: assertion)
            state = state.map { combine($0, next) } ?? next
        }
        return state.flatMap { value(of: $0) }
    }
}
