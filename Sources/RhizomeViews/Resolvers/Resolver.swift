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
    ///
    /// - Complexity: O(*n* log *n*) also where a state grows with what it has seen.
    public func resolve(_ assertions: some Sequence<Assertion>) -> JSONValue? {
        // States of about equal size are combined, as bits are carried when counting: one after the other, a state that
        // holds much would be copied for each assertion.
        var waiting: [(state: State, size: Int)] = []
        for assertion in assertions {
            var next = (state: state(of: assertion), size: 1)
            while let last = waiting.last, last.size == next.size {
                waiting.removeLast()
                next = (combine(last.state, next.state), last.size + next.size)
            }
            waiting.append(next)
        }
        guard var total = waiting.popLast()?.state else { return nil }
        while let next = waiting.popLast() { total = combine(next.state, total) }
        return value(of: total)
    }
}
