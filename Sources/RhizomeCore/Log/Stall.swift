public import SignedStatements

/// A verified delta that was rejected as `chain` or `timeOrder`: it, and heads known to reach it, aren't wanted again
/// (spec: admission.md, "What counts against whom").
public struct Stall: Hashable, Sendable {
    /// How many a log keeps.
    public static let most = 10_000

    /// The delta's signed header, at most 0.5 KiB: the proof, by which anybody can judge again.
    public let signed: SignedHeader
    /// Why it fits nowhere.
    public let reason: Rejection
    /// By which version of the software: another one looks again.
    public let version: String

    /// Who signed it.
    public var author: PublicKey { signed.author }
    /// The delta.
    public var id: DeltaID { signed.id }

    /// A stall.
    public init(_ signed: SignedHeader, reason: Rejection, version: String) {
        self.signed = signed
        self.reason = reason
        self.version = version
    }

    /// Whether the header fits nowhere, for the reason noted, beside what is held of its previous.
    ///
    /// The signature isn't verified: the audit does that.
    public func isProven(held: [DeltaID: DeltaLink]) -> Bool { Admission.misfit(signed, held: held)?.reason == reason }
}
