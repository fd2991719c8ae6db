public import Bytes
public import SignedStatements

/// Finds deltas by who signed them, when, and what they are about (spec: schemas.md, "Queries by schema").
public protocol DeltaSearch: Sendable {
    /// The next deltas of a selection that are held now.
    ///
    /// Looks at a bounded number of deltas, so fewer may be found than there are, even none: then `end` says where to go
    /// on.
    ///
    /// - Parameter place: the delta after which to begin; in the order of acceptance its position alone matters.
    func find(_ selection: DeltaSelection, after place: Word?, limit: Int) async throws -> FoundDeltas

    /// The deltas at some positions, in that order.
    func deltas(at positions: [Int64]) async throws -> [StoredDelta]
}

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

/// Deltas of a selection.
public struct FoundDeltas: Hashable, Sendable {
    /// Their positions, in the selection's order.
    public var positions: [Int64]
    /// After which delta to go on; `nil` where there is no more.
    public var end: Word?

    /// Some deltas.
    public init(positions: [Int64], end: Word?) {
        self.positions = positions
        self.end = end
    }
}
