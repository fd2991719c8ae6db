/// What evaluations of JSON-Logic rules may cost, so that a stranger's rule can neither hang a node nor fill its memory.
///
/// One budget can serve many evaluations, as a filter over many deltas does: its steps are spent by all of them
/// together, bytes and depth are limited for each one.
public struct JSONLogicBudget: Hashable, Sendable {
    /// How many steps are left.
    ///
    /// A step is a part of the rule that is evaluated, an item of an array that is looked at, 16 bytes of a text or
    /// 8 members of an object: well under a microsecond each.
    public internal(set) var steps: Int
    /// How many bytes one evaluation may produce, counted by the memory that texts, arrays and objects take.
    ///
    /// What was given as data, and what the rule itself holds, counts where it is put into a new array or text.
    public let bytes: Int
    /// How deep arrays and objects may nest that an evaluation produces.
    public let depth: Int

    /// A budget; unless told otherwise 250,000 steps, 4 MiB and 128 levels.
    public init(steps: Int = 250_000, bytes: Int = 4 << 20, depth: Int = 128) {
        precondition(steps >= 0 && bytes >= 0, "a budget isn't negative")
        precondition((0...512).contains(depth), "the depth is sane: each level costs stack")
        self.steps = steps
        self.bytes = bytes
        self.depth = depth
    }
}
