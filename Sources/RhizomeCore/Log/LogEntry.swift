public import Bytes
internal import DeterministicCBOR
internal import SignedStatements
internal import Sodium

/// An accepted delta as it lies in a log, not decoded: what an audit looks at.
public struct LogEntry: Sendable {
    /// Its position in the order of acceptance, from 1.
    public let position: Int64
    /// The id under which it is filed.
    public let id: DeltaID
    /// The encoded header, a COSE_Sign1.
    public let header: [UInt8]
    /// The encoded body.
    public let body: [UInt8]
    /// When and through whom it came.
    public let arrival: Arrival
    /// The running hash up to and with this entry.
    public let runningHash: Bytes32

    /// About how many bytes of memory it takes: those of header and body, and 256 for the rest.
    package var weight: Int { header.count + body.count + 256 }

    /// An entry.
    public init(
        position: Int64,
        id: DeltaID,
        header: [UInt8],
        body: [UInt8],
        arrival: Arrival,
        runningHash: Bytes32
    ) {
        self.position = position
        self.id = id
        self.header = header
        self.body = body
        self.arrival = arrival
        self.runningHash = runningHash
    }
}

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
