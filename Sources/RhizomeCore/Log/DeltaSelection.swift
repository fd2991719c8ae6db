public import Bytes
public import SignedStatements

/// Which deltas are looked for, and in which order; each part that is given narrows.
public struct DeltaSelection: Hashable, Sendable {
    /// In which order deltas come.
    public enum Order: Sendable {
        /// As they were accepted here.
        case accepted
        /// As their authors dated them.
        case created
    }

    /// Who signed them.
    public var author: PublicKey?
    /// On which node they were made.
    public var host: PublicKey?
    /// What they point to.
    public var entity: Text?
    /// About which property, where there is an entity: of that.
    public var property: Text?
    /// Dated at this moment or later.
    public var since: Timestamp?
    /// Dated at this moment or earlier.
    public var until: Timestamp?
    /// The oldest come first.
    public var order = Order.accepted

    /// All.
    public init() {}

    /// Whether a delta has to be read to tell whether it is one of these.
    package var looksAtBodies: Bool { host != nil || entity != nil || property != nil }

    /// Whether a delta is one of these.
    package func contains(_ delta: SignedDelta) -> Bool {
        let time = delta.header.timeCreated
        guard author.map({ $0 == delta.author }) ?? true, host.map({ $0 == delta.body.host }) ?? true,
            since.map({ time >= $0 }) ?? true, until.map({ time <= $0 }) ?? true
        else { return false }
        guard entity != nil || property != nil else { return true }
        return delta.body.references.contains { reference in
            entity.map { $0 == reference.entity } ?? true && property.map { $0 == reference.property } ?? true
        }
    }
}
