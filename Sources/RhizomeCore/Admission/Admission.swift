public import Bytes
public import SignedLog

/// How an author stands with this node at one moment, as far as admission asks (spec: admission.md, row 3).
public enum AuthorStanding: Hashable, Sendable {
    /// May write; the trust statement by which it may, none for the node's own identity.
    case mayWrite(trustStatement: Bytes32?)
    /// Distrusted, or past its `until`.
    case distrusted
    /// Not in the list, or may not `author`.
    case unknown
}

/// What admission knows of a delta that is held.
public struct DeltaLink: Hashable, Sendable {
    /// Who signed it.
    public let author: PublicKey
    /// Its place in the author's log, and its time.
    public let head: Head

    /// The link to a delta.
    public init(author: PublicKey, head: Head) {
        self.author = author
        self.head = head
    }

    /// The link to a decoded delta.
    public init(_ delta: SignedDelta) { self.init(SignedHeader(delta)) }

    /// The link to the delta of a header.
    public init(_ signed: SignedHeader) {
        author = signed.author
        head = Head(id: signed.id, sequence: signed.header.sequence, timeCreated: signed.header.timeCreated)
    }
}

/// When and through whom a delta came, kept beside it.
public struct Arrival: Hashable, Sendable {
    /// µs since 1970 by this node's clock.
    public let timeReceived: Int64
    /// The peer whose connection brought it; none for this node's own writes.
    public let receivedFrom: PublicKey?
    /// The trust statement in force for the author; none where the author is the node's own identity.
    public let trustStatement: Bytes32?

    /// An arrival.
    public init(timeReceived: Int64, receivedFrom: PublicKey?, trustStatement: Bytes32?) {
        self.timeReceived = timeReceived
        self.receivedFrom = receivedFrom
        self.trustStatement = trustStatement
    }
}

/// A verified delta that fits the log it comes into: the third station, and the only one that a log appends.
public struct AdmittedDelta: Sendable {
    /// The delta.
    public let delta: SignedDelta
    /// When and through whom it came.
    public let arrival: Arrival

    fileprivate init(delta: SignedDelta, arrival: Arrival) {
        self.delta = delta
        self.arrival = arrival
    }
}

/// Admission's rules that look at what is held: pure functions of their arguments (spec: admission.md, rows 5 to 8).
public enum Admission {
    /// What the rules say of a verified delta.
    public enum Fit: Sendable {
        /// It can be appended.
        case admitted(AdmittedDelta)
        /// It waits for these deltas.
        case gap(missing: [DeltaID])
        /// It waits for this moment, µs since 1970.
        case future(due: Int64)
        /// It fits nowhere: `chain` or `timeOrder`.
        case rejected(DeltaRefusal)
    }

    /// Judges a verified delta, given the links to those of its previous that are held.
    public static func fit(
        _ verified: VerifiedDelta,
        held: [DeltaID: DeltaLink],
        arrival: Arrival,
        now: Int64
    ) -> Fit {
        let delta = verified.delta
        let header = delta.header
        if let refusal = misfit(SignedHeader(delta), held: held) { return .rejected(refusal) }
        let missing = header.previous.filter { held[$0] == nil }
        guard missing.isEmpty else { return .gap(missing: missing) }
        let limit = now + DeltaLimits.aheadMicroseconds
        guard header.timeCreated <= limit else {
            return .future(due: header.timeCreated - DeltaLimits.aheadMicroseconds)
        }
        return .admitted(AdmittedDelta(delta: delta, arrival: arrival))
    }

    /// Why a delta fits nowhere beside what is held of its previous: `chain` or `timeOrder` (spec: admission.md, rows 5
    /// and 7); `nil` where it fits, or may once all are held.
    ///
    /// What is held only grows, so that a refusal holds for good.
    public static func misfit(_ signed: SignedHeader, held: [DeltaID: DeltaLink]) -> DeltaRefusal? {
        let header = signed.header
        let links = header.previous.compactMap { held[$0] }
        guard links.allSatisfy({ $0.author == signed.author }) else {
            return DeltaRefusal(.chain, "a previous delta is by another author")
        }
        guard links.count == header.previous.count else { return nil }
        guard header.sequence == (links.map { $0.head.sequence + 1 }.max() ?? 0) else {
            return DeltaRefusal(.chain, "the sequence isn't one more than the greatest before it")
        }
        guard links.allSatisfy({ $0.head.timeCreated < header.timeCreated }) else {
            return DeltaRefusal(.timeOrder, "not later than every delta before it")
        }
        return nil
    }
}
