internal import Bytes

/// Which members of its data a rule can look at, found in what it was compiled to.
struct JSONLogicReads {
    /// The members that it names.
    private(set) var names: Set<Text> = []
    /// Whether it may look at any other too.
    private(set) var isWhole = false

    /// Notes what a part of the rule reads.
    ///
    /// Calls itself no deeper than rules nest, which ``JSONLogicRule`` limits.
    mutating func note(_ node: JSONLogicNode) {
        switch node {
        case .literal, .literalArray: break
        case .array(let nodes), .conditional(let nodes), .and(let nodes), .or(let nodes): note(nodes)
        case .variable(let path, let fallback):
            if case .steps(let steps) = path, let first = steps.first {
                names.insert(first.name)
            } else {
                isWhole = true
            }
            if let fallback { note(fallback) }
        case .computedVariable:
            isWhole = true
        case .iteration(_, let over, _):
            // The rule that is applied to each item sees the item alone.
            note(over)
        case .reduction(let over, _, let initial):
            note(over)
            note(initial)
        case .operation(.missing, let nodes): noteKeys(nodes)
        case .operation(.missingSome, let nodes):
            guard nodes.count == 2, case .literalArray(let keys) = nodes[1] else {
                isWhole = true
                return
            }
            note(nodes[0])
            noteKeys(keys.items)
        case .operation(_, let nodes): note(nodes)
        }
    }

    private mutating func note(_ nodes: [JSONLogicNode]) {
        for node in nodes { note(node) }
    }

    private mutating func noteKeys(_ nodes: [JSONLogicNode]) {
        for node in nodes {
            switch node {
            case .literal(let value): noteKeys([value])
            case .literalArray(let array) where nodes.count == 1: noteKeys(array.items)
            default: isWhole = true
            }
        }
    }

    private mutating func noteKeys(_ keys: [JSONLogicValue]) {
        for key in keys {
            guard case .text(let path) = key, path.count > 0, case .steps(let steps) = JSONLogicPath(path),
                let first = steps.first
            else {
                isWhole = true
                continue
            }
            names.insert(first.name)
        }
    }
}
