public import Bytes
public import RhizomeCore

/// A delta that is to be written: what it says, and what it has to be later than.
public struct PlannedDelta: Hashable, Sendable {
    /// What it says.
    public let pointers: [Pointer]
    /// The `timeCreated` of the delta that it replaces in the writer's view, if there is one.
    ///
    /// The new delta's has to be greater, so that the writer sees its own write win (spec: admission.md, "Clocks").
    public let replacedTime: Timestamp?

    /// A delta to write.
    public init(pointers: [Pointer], replacedTime: Timestamp? = nil) {
        self.pointers = pointers
        self.replacedTime = replacedTime
    }
}
