public import Bytes

/// An object whose members are made when a rule asks for them.
///
/// A filter is run against thousands of deltas and mostly looks at one field of each: the others needn't be built.
public protocol JSONLogicRecord {
    /// The names of all members, in the order in which a rule sees them that asks for the whole object.
    var names: [Text] { get }

    /// The member of that name; `nil` where there is none.
    ///
    /// Asked at each use for a member that is no array and no object; those are kept for the evaluation, since they are
    /// equal to themselves alone.
    func member(_ name: Text) -> JSONLogicValue?
}
