public import Bytes

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
