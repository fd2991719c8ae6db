/// A part of a compiled rule.
indirect enum JSONLogicNode: Sendable {
    /// A value that stands for itself.
    case literal(JSONLogicValue)
    /// An array without logic in it: at each evaluation a new one.
    case literalArray(JSONLogicArray)
    /// An array with logic in it.
    case array([JSONLogicNode])
    /// `var` with a path that the rule states, and what to take where nothing is found.
    case variable(JSONLogicPath, fallback: JSONLogicNode?)
    /// `var` with a path that is computed.
    case computedVariable(JSONLogicNode, fallback: JSONLogicNode?)
    /// `if` and `?:`: conditions and values in turn, what is left over is the value otherwise.
    case conditional([JSONLogicNode])
    /// `and`: the first that is false, else the last.
    case and([JSONLogicNode])
    /// `or`: the first that is true, else the last.
    case or([JSONLogicNode])
    /// What looks at the items of an array one after the other.
    case iteration(JSONLogicIteration, over: JSONLogicNode, body: JSONLogicNode)
    /// `reduce`.
    case reduction(over: JSONLogicNode, body: JSONLogicNode, initial: JSONLogicNode)
    /// What has all its arguments evaluated first.
    case operation(JSONLogicOperator, [JSONLogicNode])

    /// The argument that was left out.
    static let absent = JSONLogicNode.literal(.undefined)
}
