internal import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedStatements
public import StrictJSON

/// An object of each author's last value, null too: did → value, by the bytes of the dids (spec: views.md, "Lossy").
public struct ByAuthor: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// What it looks at.
    public var basis: ResolverBasis { .lastOfEachAuthor }

    /// Each author's last value.
    public struct LastValues: Sendable {
        fileprivate struct LastValue {
            let value: Value
            let moment: Moment
        }

        fileprivate let values: Notes<PublicKey, LastValue>
    }

    /// The value under its author.
    public func state(of assertion: Assertion) -> LastValues {
        let last = LastValues.LastValue(value: assertion.value, moment: assertion.delta.moment)
        return LastValues(
            values: Notes(last, of: assertion.delta.author, bytes: assertion.value.approximateBytes)
        )
    }

    /// The later value of each author.
    public func combine(_ first: LastValues, _ second: LastValues) -> LastValues {
        LastValues(values: first.values.merging(second.values) { $0.moment < $1.moment ? $1 : $0 })
    }

    /// What the authors and their values take.
    public func approximateBytes(of state: LastValues) -> Int { state.values.approximateBytes }

    /// The object.
    public func value(of state: LastValues) -> JSONValue? {
        let values = state.values.all.map { (did: Text($0.key.did), value: $0.note.value.json) }
        var object = JSONObject()
        for author in values.sorted(by: { $0.did < $1.did }) { object.append(author.did, author.value) }
        return .object(object)
    }
}
