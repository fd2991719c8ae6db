package import Bytes
public import RhizomeCore

/// What became of one delta that was handed in.
public struct Judgement: Sendable {
    /// Whose delta it is, and its place in the author's log; none where it could not be decoded.
    public let link: DeltaLink?
    /// The decision.
    public let decision: Decision
    /// The delta with its position, where it was accepted and a local caller handed it in.
    public let stored: StoredDelta?
    /// A sentence about a refusal; empty for the others.
    public let message: String

    /// When it is no longer too far ahead of our clock, µs since 1970; none where it could not be decoded.
    package var due: Timestamp? { link.map { $0.head.timeCreated - DeltaLimits.ahead } }

    /// The delta's id; none where it could not be decoded.
    public var id: DeltaID? { link?.head.id }

    init(_ link: DeltaLink?, _ decision: Decision, stored: StoredDelta? = nil, message: String = "") {
        self.link = link
        self.decision = decision
        self.stored = stored
        self.message = message
    }

    init(_ delta: SignedDelta?, _ decision: Decision, stored: StoredDelta? = nil, message: String = "") {
        self.init(delta.map { DeltaLink($0) }, decision, stored: stored, message: message)
    }

    init(_ delta: SignedDelta?, _ refusal: DeltaRefusal) {
        self.init(delta, .reject(refusal.reason), message: refusal.message)
    }

    /// The same without the delta itself.
    var withoutStored: Judgement { Judgement(link, decision, message: message) }
}
