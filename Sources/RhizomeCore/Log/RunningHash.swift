public import Bytes
internal import DeterministicCBOR
internal import SignedStatements
internal import Sodium

/// A hash chain over the order of acceptance, so that a changed or removed row is found (spec: house.md, "The store").
public enum RunningHash {
    /// What stands before the first entry.
    public static let start = Bytes32(repeating: 0)

    /// SHA-256 over the CBOR array [hash before, position, id, timeReceived, receivedFrom | null, trust statement | null].
    public static func next(after last: Bytes32, position: Int64, id: DeltaID, arrival: Arrival) -> Bytes32 {
        var writer = CBORWriter(capacity: 160)
        writer.array(6)
        writer.byteString(last)
        writer.integer(position)
        writer.byteString(id.bytes)
        writer.integer(arrival.timeReceived.microseconds)
        if let peer = arrival.receivedFrom { writer.byteString(peer.bytes) } else { writer.null() }
        if let statement = arrival.trustStatement { writer.byteString(statement) } else { writer.null() }
        return SHA256.hash(writer.bytes)
    }
}
