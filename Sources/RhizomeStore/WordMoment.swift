internal import Bytes
internal import RhizomeCore

/// Where a delta stands in the order of views, as one number: its `timeCreated`, and the first 10 bits of its id.
///
/// Views order by (timeCreated, id bytes). Times of one author are equal where its log forks alone, and then all but
/// about a thousandth of the ids differ by these bits already: so a key that forks wildly doesn't make its last word
/// one among all that it said at that time. A time is below 2^53 (spec: delta.md), so the number is one of Int64.
struct WordMoment {
    private static let idBits: Int64 = 10

    /// Of two that differ the lesser comes first in the order of views.
    let number: Int64

    /// A delta's place.
    init(time: Int64, id: DeltaID) {
        number = time << Self.idBits | Int64(id.bytes.prefix64 >> (64 - UInt64(Self.idBits)))
    }
}
