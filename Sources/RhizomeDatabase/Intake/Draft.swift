public import Bytes
public import RhizomeCore

/// A delta to be written by this node's identity.
public struct Draft: Sendable {
    /// What it says.
    public let pointers: [Pointer]
    /// The latest time among the deltas that it is to replace in the writer's view.
    public let replacing: Timestamp?

    /// A draft.
    public init(pointers: [Pointer], replacing: Timestamp? = nil) {
        self.pointers = pointers
        self.replacing = replacing
    }
}
