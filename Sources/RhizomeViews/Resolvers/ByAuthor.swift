internal import Bytes
internal import RhizomeIdentity
public import SignedLog
public import StrictJSON

/// An object of each author's last value, null too: did → value, by the bytes of the dids (spec: views.md, "Lossy").
public struct ByAuthor: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// What it looks at.
    public var basis: ResolverBasis { .lastOfEachAuthor }

    /// The assertion under its author.
    public func state(of assertion: Assertion) -> [PublicKey: Assertion] { [assertion.delta.author: assertion] }

    /// The later assertion of each author.
    public func combine(
        _ first: [PublicKey: Assertion],
        _ second: [PublicKey: Assertion]
    ) -> [PublicKey: Assertion] {
        first.merging(second) { LastWriteWins().combine($0, $1) }
    }

    /// The object.
    public func value(of state: [PublicKey: Assertion]) -> JSONValue? {
        let values = state.map { (did: Text($0.key.did), value: $0.value.value.json) }
        var object = JSONObject()
        for author in values.sorted(by: { $0.did < $1.did }) { object.append(author.did, author.value) }
        return .object(object)
    }
}
