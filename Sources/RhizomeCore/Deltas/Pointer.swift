public import Bytes

/// One arm of a delta: what it says under a local name, of a value or of an entity (spec: delta.md).
public struct Pointer: Hashable, Sendable {
    /// What a pointer points to.
    public enum Target: Hashable, Sendable {
        /// A value: text, integer, float, boolean, or null.
        case value(Value)
        /// An entity, and the property of it that this delta is about.
        case entity(Text, targetContext: Text)
    }

    /// The name of the target within the delta, 1 to 1,024 bytes.
    public let localContext: Text
    /// What the pointer points to.
    public let target: Target

    /// A pointer to anything.
    public init(_ localContext: Text, _ target: Target) {
        self.localContext = localContext
        self.target = target
    }

    /// A pointer to a value.
    public init(_ localContext: Text, _ value: Value) { self.init(localContext, .value(value)) }

    /// A pointer to an entity's property.
    public init(_ localContext: Text, entity: Text, targetContext: Text) {
        self.init(localContext, .entity(entity, targetContext: targetContext))
    }

    /// The entity and the property that this pointer is about, if it is about one.
    public var entity: (id: Text, targetContext: Text)? {
        guard case .entity(let id, let context) = target else { return nil }
        return (id, context)
    }

    /// The value that this pointer gives, if it gives one.
    public var value: Value? {
        guard case .value(let value) = target else { return nil }
        return value
    }
}
