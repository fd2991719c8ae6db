internal import RhizomeCore
internal import SignedStatements

/// A signed delta on its way in, and who brought it.
struct Submission: Sendable {
    /// As it was received.
    let bytes: [UInt8]
    /// The peers that brought these very bytes, the first one first; none stands for what is local.
    let sources: [PublicKey?]
    /// Bytes that it takes in memory once it is decoded, about.
    var weight: Int { DeltaWeight.memory(of: bytes) }

    /// Through whom it came, as it is told and counted.
    var source: PublicKey? { sources.first ?? nil }
}
