public import SignedStatements

/// What becomes of an introduction at a receiver (spec: meeting.md, "Introductions").
public enum IntroductionOutcome: Hashable, Sendable {
    /// Its subject is trusted by it.
    case followed
    /// Its subject is to be trusted by it; that isn't stated yet.
    case due
    /// It waits for a person: the introducer may not introduce.
    case proposal
    /// A person has decided about the key already, or an invitation has: whether it is trusted.
    case decided(isTrusted: Bool)
    /// Its subject is trusted by another introducer's.
    case introduced(by: PublicKey)
    /// Its subject can't be in the list, with why.
    case unacceptable(String)
    /// As many are trusted by the introducer's word as may be.
    case tooManyEntries
    /// As much was stated by the introducer's word within a day as may be.
    case tooManyStatements
}
