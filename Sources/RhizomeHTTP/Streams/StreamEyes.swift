internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import RhizomeViews

/// How a stream looks at the log, and by what that was worked out.
struct StreamEyes: Sendable {
    let perspective: Perspective
    /// The last statement of the trusted-peer list.
    let trust: Bytes32?
    /// The context's version.
    private let context: DeltaID?

    /// How a viewpoint looks now.
    init(_ viewpoint: Viewpoint, _ database: Database) async throws {
        trust = database.trust.head
        (perspective, context) = try await viewpoint.versioned(in: database)
    }

    /// What was changed since, where anything was: what was told may not hold any more.
    func change(since earlier: StreamEyes) -> String? {
        if trust != earlier.trust { return "trust" }
        return context == earlier.context ? nil : "context"
    }
}
