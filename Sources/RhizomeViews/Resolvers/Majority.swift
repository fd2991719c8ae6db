internal import RhizomeCore
public import StrictJSON

/// The value that most deltas assert, null not among them (spec: views.md, "Lossy").
///
/// Of those that equally many assert, the one with the greatest (timeCreated, id bytes). Values are told apart by their
/// CBOR bytes.
public struct Majority: Resolver {
    /// How many deltas assert each value, and which of them is the last.
    public struct Votes: Sendable {
        fileprivate struct Count {
            let count: Int
            let last: Moment
        }

        fileprivate let counts: Notes<Value, Count>
    }

    /// A resolver; it has no settings.
    public init() {}

    /// One vote.
    public func state(of assertion: Assertion) -> Votes {
        guard assertion.value != .null else { return Votes(counts: Notes()) }
        let one = Votes.Count(count: 1, last: assertion.delta.moment)
        return Votes(counts: Notes(one, of: assertion.value, bytes: assertion.value.approximateBytes))
    }

    /// The votes of both.
    public func combine(_ first: Votes, _ second: Votes) -> Votes {
        Votes(
            counts: first.counts.merging(second.counts) {
                Votes.Count(count: $0.count + $1.count, last: max($0.last, $1.last))
            }
        )
    }

    /// What the distinct values take.
    public func approximateBytes(of state: Votes) -> Int { state.counts.approximateBytes }

    /// The value with most votes; `nil` where there was only null.
    public func value(of state: Votes) -> JSONValue? {
        state.counts.all.max { ($0.note.count, $0.note.last) < ($1.note.count, $1.note.last) }?.key.json
    }
}
