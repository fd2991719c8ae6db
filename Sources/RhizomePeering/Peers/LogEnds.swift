internal import RhizomeCore
internal import SignedStatements

/// Where authors' logs ended when something was appended to them last: a pure value, as small as the list of peers.
struct LogEnds: Sendable {
    private var ends: [PublicKey: DeltaID] = [:]

    /// Takes note of an appended delta.
    ///
    /// - Returns: whether it goes straight on from the one appended before it, so that no fork can have come with it; not
    ///   known of an author's first one.
    mutating func note(_ delta: SignedDelta) -> Bool {
        defer { ends[delta.author] = delta.id }
        return ends[delta.author].map { delta.header.previous == [$0] } ?? false
    }
}
