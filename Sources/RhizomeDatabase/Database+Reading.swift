package import Bytes
internal import RhizomeCore
public import RhizomeViews

extension Database {
    /// Which deltas of distrusted authors views leave out now (spec: views.md, step 1).
    ///
    /// The same one until the trusted-peer list changes, or the log of an author of whom it keeps a part.
    public func exclusion() async throws -> Exclusion { try await exclusions.exclusion(by: trust) }

    /// Reads entities as this node sees them now.
    package func reader() async throws -> EntityReader {
        EntityReader(log: log, without: try await exclusion(), cache: views)
    }

    /// The definitions of one kind that are stored, as this node sees them now or as of a moment.
    package func definitions<Content: Definition>(
        of kind: Content.Type = Content.self,
        asOf: Timestamp? = nil
    ) async throws -> Definitions<Content> {
        Definitions(log: log, own: identity, without: try await exclusion(), asOf: asOf, cache: views)
    }

    /// The position of the last delta that was appended; whatever was answered is at or before it.
    package var lastPosition: Int64 { appended.last }

    /// Waits until something is appended after a position.
    ///
    /// - Returns: false where that won't come: the node was shut down, or the task cancelled.
    package func waitForDeltas(after position: Int64) async -> Bool { await appended.wait(beyond: position) }

    /// Waits until the trusted-peer list's last statement is another one than this.
    ///
    /// - Returns: false where the task is cancelled.
    package func waitForTrust(otherThan statement: Bytes32?) async -> Bool {
        await trustInForce.wait(otherThan: statement)
    }

    /// Reads what changed, as this node sees it now, from the log.
    package func changes() async throws -> ChangeReader {
        ChangeReader(log: log, perspective: Perspective(without: try await exclusion()))
    }
}
