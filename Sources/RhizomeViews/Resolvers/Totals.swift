public import StrictJSON

/// The true sum of all numbers, rounded once (spec: views.md, "Lossy": `sum`).
///
/// An integer where the sum is one within Int64, else a float; absent beyond what a float holds.
public struct Sum: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// The number, where it is one.
    public func state(of assertion: Assertion) -> ExactSum { ExactSum(Number(assertion.value)) }

    /// Both sums together.
    public func combine(_ first: ExactSum, _ second: ExactSum) -> ExactSum { first.adding(second) }

    /// The sum; `nil` where there was no number.
    public func value(of state: ExactSum) -> JSONValue? {
        state.count == 0 ? nil : state.quotient(by: 1)?.json
    }
}

/// The true quotient of all numbers' sum and their count, rounded once (spec: views.md, "Lossy": `average`).
///
/// An integer where the quotient is one within Int64, else a float.
public struct Average: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// The number, where it is one.
    public func state(of assertion: Assertion) -> ExactSum { ExactSum(Number(assertion.value)) }

    /// Both sums together.
    public func combine(_ first: ExactSum, _ second: ExactSum) -> ExactSum { first.adding(second) }

    /// The average; `nil` where there was no number.
    public func value(of state: ExactSum) -> JSONValue? {
        state.count == 0 ? nil : state.quotient(by: UInt64(state.count))?.json
    }
}

/// How many deltas have a number, 0 where none has (spec: views.md, "Lossy": `count`).
public struct NumberCount: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// 1 for a number, else 0.
    public func state(of assertion: Assertion) -> Int64 { Number(assertion.value) == nil ? 0 : 1 }

    /// Both counts together.
    public func combine(_ first: Int64, _ second: Int64) -> Int64 { first + second }

    /// The count.
    public func value(of state: Int64) -> JSONValue? { .integer(state) }
}
