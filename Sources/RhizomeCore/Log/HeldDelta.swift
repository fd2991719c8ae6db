public import Bytes
public import SignedStatements

/// What a log's columns and a delta's body say: all but what was signed.
///
/// For views, which trust what is held: signatures are checked on the way in and by audits.
public struct HeldDelta: Sendable {
    /// Its position.
    public let position: Int64
    /// Its id.
    public let id: DeltaID
    /// Who signed it.
    public let author: PublicKey
    /// Its place in the author's log.
    public let sequence: Int64
    /// µs since 1970.
    public let timeCreated: Timestamp
    /// What it says.
    public let body: DeltaBody

    /// A delta by its parts.
    public init(
        position: Int64,
        id: DeltaID,
        author: PublicKey,
        sequence: Int64,
        timeCreated: Timestamp,
        body: DeltaBody
    ) {
        self.position = position
        self.id = id
        self.author = author
        self.sequence = sequence
        self.timeCreated = timeCreated
        self.body = body
    }
}
