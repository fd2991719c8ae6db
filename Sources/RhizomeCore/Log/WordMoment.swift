public import Bytes

/// Where a delta stands in the order of views, as one number: its `timeCreated`, and the first 10 bits of its id.
///
/// Views order by (timeCreated, id bytes). Times of one author are equal where its log forks alone, and then all but
/// about a thousandth of the ids differ by these bits already: so a key that forks wildly doesn't make its last word
/// one among all that it said at that time. A time is below 2^53 (spec: delta.md), so the number is one of Int64.
public struct WordMoment: Hashable, Comparable, Sendable {
    private static let idBits: Int64 = 10

    /// Of two that differ the lesser comes first in the order of views.
    public let number: Int64

    /// What a log has filed.
    public init(number: Int64) { self.number = number }

    /// A delta's place.
    public init(time: Timestamp, id: DeltaID) {
        number = time.microseconds << Self.idBits | Int64(id.bytes.prefix64 >> (64 - UInt64(Self.idBits)))
    }

    /// The least place after all deltas of a moment, µs since 1970; `nil` where no delta can be later.
    public static func after(_ time: Timestamp) -> WordMoment? {
        guard time.next < DeltaLimits.time else { return nil }
        return WordMoment(number: max(0, time.next.microseconds) << idBits)
    }

    /// Whether `left` comes first.
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}
