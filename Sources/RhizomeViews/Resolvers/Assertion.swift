public import RhizomeCore

/// What one delta says of one property.
public struct Assertion: Hashable, Sendable {
    /// The value that it gives the property.
    public let value: Value
    /// The delta, whose other pointers a resolver may look at too.
    public let delta: ViewedDelta

    /// An assertion.
    public init(value: Value, delta: ViewedDelta) {
        self.value = value
        self.delta = delta
    }
}
