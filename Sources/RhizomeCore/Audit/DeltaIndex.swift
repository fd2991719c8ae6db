internal import Bytes

/// Numbers by delta ids, in little memory: about 55 bytes each.
///
/// Keyed by the first 8 bytes. Two ids that share them, which takes somebody who looks for such a pair, lie aside.
struct DeltaIndex: Sendable {
    private var numbers: [UInt64: UInt32] = [:]
    private var others: [DeltaID: UInt32] = [:]
    /// By number; the ids of entries without a number aren't here.
    private var ids: [DeltaID] = []
    private var unnumbered: [DeltaID: UInt32] = [:]

    init(capacity: Int) {
        numbers.reserveCapacity(capacity)
        ids.reserveCapacity(capacity)
    }

    /// The number under which an id was added.
    subscript(id: DeltaID) -> UInt32? {
        if let number = numbers[id.bytes.prefix64], ids[Int(number)] == id { return number }
        return others[id] ?? unnumbered[id]
    }

    /// The id that was added under a number.
    func id(at number: UInt32) -> DeltaID { ids[Int(number)] }

    /// Adds an id: numbers count from 0; `UInt32.max` stands for none.
    mutating func add(_ id: DeltaID, at number: UInt32) {
        guard number != UInt32.max else {
            unnumbered[id] = number
            return
        }
        precondition(Int(number) == ids.count, "numbers count up")
        ids.append(id)
        if numbers[id.bytes.prefix64] == nil { numbers[id.bytes.prefix64] = number } else { others[id] = number }
    }
}
