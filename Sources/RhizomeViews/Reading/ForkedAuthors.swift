internal import RhizomeCore
internal import SignedLog

/// Which authors have more than one head among what steps 1 and 2 leave (spec: views.md, step 5).
enum ForkedAuthors {
    /// Those of these authors who have.
    ///
    /// Asks a log for each of them, as it is by then: a fork that came since the deltas were read counts already.
    ///
    /// - Throws: `CancellationError`, and what the log throws.
    static func among(
        _ authors: Set<PublicKey>,
        seenAs perspective: Perspective,
        log: any DeltaLog
    ) async throws -> Set<PublicKey> {
        var forked: Set<PublicKey> = []
        for author in authors {
            try Task.checkCancellation()
            let heads = try await log.heads(
                of: author,
                upTo: perspective.asOf,
                within: perspective.kept[author],
                limit: 2
            )
            if heads.count > 1 { forked.insert(author) }
        }
        return forked
    }
}
