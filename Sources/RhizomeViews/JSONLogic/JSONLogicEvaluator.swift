internal import Bytes

/// One evaluation of a rule, which ends with an error as soon as it costs more than its budget has.
///
/// It calls itself no deeper than rule and values nest, both of which are limited.
struct JSONLogicEvaluator {
    private(set) var stepsLeft: Int
    private var bytesLeft: Int
    private let budget: JSONLogicBudget

    init(budget: JSONLogicBudget) {
        stepsLeft = budget.steps
        bytesLeft = budget.bytes
        self.budget = budget
    }

    /// The value of a part of the rule.
    mutating func evaluate(
        _ node: JSONLogicNode,
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> JSONLogicValue {
        try spend(steps: 1)
        switch node {
        case .literal(let value): return value
        case .literalArray(let array): return .array(JSONLogicArray(sharing: array))
        case .array(let nodes): return try array(of: try evaluate(nodes, in: scope))
        case .variable(let path, let fallback):
            if let value = try find(path, in: scope) { return value }
            return try evaluate(fallback: fallback, in: scope)
        case .computedVariable(let node, let fallback):
            if let value = try find(try evaluate(node, in: scope), in: scope) { return value }
            return try evaluate(fallback: fallback, in: scope)
        case .conditional(let nodes): return try conditional(nodes, in: scope)
        case .and(let nodes): return try first(of: nodes, thatIs: false, in: scope)
        case .or(let nodes): return try first(of: nodes, thatIs: true, in: scope)
        case .iteration(let iteration, let over, let body):
            return try iterate(iteration, over: try evaluate(over, in: scope), body)
        case .reduction(let over, let body, let initial):
            return try reduce(try evaluate(over, in: scope), body, from: try evaluate(initial, in: scope))
        case .operation(let known, let nodes):
            guard nodes.count == 2 else { return try apply(known, to: try evaluate(nodes, in: scope), in: scope) }
            // Nearly all that filters consist of: no array is made for the arguments.
            let (left, right) = (try evaluate(nodes[0], in: scope), try evaluate(nodes[1], in: scope))
            if let value = try compare(known, left, right) { return value }
            return try apply(known, to: [left, right], in: scope)
        }
    }

    private mutating func evaluate(
        _ nodes: [JSONLogicNode],
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> [JSONLogicValue] {
        var values: [JSONLogicValue] = []
        values.reserveCapacity(nodes.count)
        for node in nodes { values.append(try evaluate(node, in: scope)) }
        return values
    }

    private mutating func evaluate(
        fallback: JSONLogicNode?,
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> JSONLogicValue {
        guard let fallback else { return .null }
        let value = try evaluate(fallback, in: scope)
        return if case .undefined = value { .null } else { value }
    }

    // MARK: - Budget

    mutating func spend(steps: Int) throws(JSONLogicError) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else {
            throw JSONLogicError(.steps, "the rule takes more steps than it may; look at less data or ask for less")
        }
    }

    mutating func spend(bytes: Int) throws(JSONLogicError) {
        try check(bytes: bytes)
        bytesLeft -= bytes
    }

    /// Refuses what couldn't be spent.
    func check(bytes: Int) throws(JSONLogicError) {
        guard bytes <= bytesLeft else {
            throw JSONLogicError(.bytes, "the rule produces more than the \(budget.bytes) bytes that it may")
        }
    }

    /// Spends the steps that looking at all of a text takes.
    mutating func look(at text: Text) throws(JSONLogicError) { try spend(steps: text.count >> 4) }

    /// A new array; what it holds is spent here.
    mutating func array(of items: [JSONLogicValue]) throws(JSONLogicError) -> JSONLogicValue {
        let array = JSONLogicArray(items)
        try spend(bytes: array.weight)
        try check(depth: array.depth)
        return .array(array)
    }

    private func check(depth: Int) throws(JSONLogicError) {
        guard depth <= budget.depth else {
            throw JSONLogicError(.depth, "the rule nests arrays and objects more than \(budget.depth) levels deep")
        }
    }

    // MARK: - Control

    private mutating func conditional(
        _ nodes: [JSONLogicNode],
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> JSONLogicValue {
        var index = 0
        while index + 1 < nodes.count {
            if try evaluate(nodes[index], in: scope).isTruthy { return try evaluate(nodes[index + 1], in: scope) }
            index += 2
        }
        return index < nodes.count ? try evaluate(nodes[index], in: scope) : .null
    }

    private mutating func first(
        of nodes: [JSONLogicNode],
        thatIs truth: Bool,
        in scope: JSONLogicScope
    ) throws(JSONLogicError) -> JSONLogicValue {
        var value = JSONLogicValue.undefined
        for node in nodes {
            value = try evaluate(node, in: scope)
            if value.isTruthy == truth { break }
        }
        return value
    }

    private mutating func iterate(
        _ iteration: JSONLogicIteration,
        over value: JSONLogicValue,
        _ body: JSONLogicNode
    ) throws(JSONLogicError) -> JSONLogicValue {
        let items: [JSONLogicValue] = if case .array(let array) = value { array.items } else { [] }
        switch iteration {
        case .map:
            var results: [JSONLogicValue] = []
            for item in items { results.append(try evaluate(body, in: .value(item))) }
            return try array(of: results)
        case .filter:
            var results: [JSONLogicValue] = []
            for item in items where try evaluate(body, in: .value(item)).isTruthy { results.append(item) }
            return try array(of: results)
        case .all:
            for item in items where !(try evaluate(body, in: .value(item)).isTruthy) { return .bool(false) }
            return .bool(!items.isEmpty)
        case .some, .none:
            for item in items where try evaluate(body, in: .value(item)).isTruthy {
                return .bool(iteration == .some)
            }
            return .bool(iteration == .none)
        }
    }

    private mutating func reduce(
        _ value: JSONLogicValue,
        _ body: JSONLogicNode,
        from initial: JSONLogicValue
    ) throws(JSONLogicError) -> JSONLogicValue {
        guard case .array(let array) = value else { return initial }
        var accumulator = initial
        for item in array.items {
            // What the object holds isn't copied and so isn't spent, but the rule may take the whole of it further.
            let object = JSONLogicObject([("current", item), ("accumulator", accumulator)])
            try spend(bytes: 96)
            try check(depth: object.depth)
            try check(bytes: object.weight)
            accumulator = try evaluate(body, in: .value(.object(object)))
        }
        return accumulator
    }
}
