public import RhizomeCore
public import StrictJSON

/// The value that most deltas assert, null not among them (spec: views.md, "Lossy").
///
/// Of those that equally many assert, the one with the greatest (timeCreated, id bytes). Values are told apart by their
/// CBOR bytes.
public struct Majority: Resolver {
    /// How many deltas assert a value, and which of them is the last.
    public struct Votes: Sendable {
        fileprivate let count: Int
        fileprivate let last: Moment
    }

    /// A resolver; it has no settings.
    public init() {}

    /// One vote.
    public func state(of assertion: Assertion) -> [Value: Votes] {
        assertion.value == .null ? [:] : [assertion.value: Votes(count: 1, last: assertion.delta.moment)]
    }

    /// The votes of both.
    public func combine(_ first: [Value: Votes], _ second: [Value: Votes]) -> [Value: Votes] {
        first.merging(second) { Votes(count: $0.count + $1.count, last: max($0.last, $1.last)) }
    }

    /// The value with most votes; `nil` where there was only null.
    public func value(of state: [Value: Votes]) -> JSONValue? {
        state.max { ($0.value.count, $0.value.last) < ($1.value.count, $1.value.last) }?.key.json
    }
}
