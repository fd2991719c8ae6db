public import Bytes
internal import SignedStatements

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
        case future(due: Timestamp)
        /// It fits nowhere: `chain` or `timeOrder`.
        case rejected(DeltaRefusal)
    }

    /// Judges a verified delta, given the links to those of its previous that are held.
    public static func fit(
        _ verified: VerifiedDelta,
        held: [DeltaID: DeltaLink],
        arrival: Arrival,
        now: Timestamp
    ) -> Fit {
        let delta = verified.delta
        let header = delta.header
        if let refusal = misfit(SignedHeader(delta), held: held) { return .rejected(refusal) }
        let missing = header.previous.filter { held[$0] == nil }
        guard missing.isEmpty else { return .gap(missing: missing) }
        let limit = now + DeltaLimits.ahead
        guard header.timeCreated <= limit else {
            return .future(due: header.timeCreated - DeltaLimits.ahead)
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
