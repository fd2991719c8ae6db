public import RhizomeCore

/// A delta to be written by this node's identity.
public struct Draft: Sendable {
    /// What it says.
    public let pointers: [Pointer]
    /// The latest time among the deltas that it is to replace in the writer's view, µs since 1970.
    public let replacing: Int64?

    /// A draft.
    public init(pointers: [Pointer], replacing: Int64? = nil) {
        self.pointers = pointers
        self.replacing = replacing
    }
}
