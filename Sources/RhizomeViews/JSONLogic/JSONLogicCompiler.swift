internal import Bytes
internal import StrictJSON

/// Turns the JSON of a rule into nodes, within the limits of ``JSONLogicRule``.
struct JSONLogicCompiler {
    private var valuesLeft = JSONLogicRule.maximumValues
    private var textBytesLeft = JSONLogicRule.maximumTextBytes
    private var levelsLeft = JSONLogicRule.maximumDepth

    /// Compiles a value: an object with one member is an operation, everything else stands for itself.
    mutating func compile(_ json: JSONValue) throws(JSONLogicError) -> JSONLogicNode {
        switch json {
        case .array(let items):
            try count(values: 1)
            return Self.array(of: try compile(items))
        case .object(let object):
            guard object.count == 1, let member = object.members.first else { return .literal(try literal(json)) }
            try count(values: 1)
            try count(textBytes: member.name.count)
            do { return try operation(member.name, member.value) } catch { throw error.inside(.member(member.name)) }
        default: return .literal(try literal(json))
        }
    }

    private mutating func compile(_ items: [JSONValue]) throws(JSONLogicError) -> [JSONLogicNode] {
        try enter()
        defer { levelsLeft += 1 }
        var nodes: [JSONLogicNode] = []
        for (index, item) in items.enumerated() {
            do { nodes.append(try compile(item)) } catch { throw error.inside(.item(index)) }
        }
        return nodes
    }

    /// An array of literals needn't be put together again at each evaluation.
    private static func array(of nodes: [JSONLogicNode]) -> JSONLogicNode {
        var items: [JSONLogicValue] = []
        for node in nodes {
            guard case .literal(let item) = node else { return .array(nodes) }
            items.append(item)
        }
        return .literalArray(JSONLogicArray(items))
    }

    // MARK: - Limits

    private mutating func count(values: Int) throws(JSONLogicError) {
        valuesLeft -= values
        guard valuesLeft >= 0 else {
            throw JSONLogicError(.ruleSize, "a rule has at most \(JSONLogicRule.maximumValues) values")
        }
    }

    private mutating func count(textBytes: Int) throws(JSONLogicError) {
        textBytesLeft -= textBytes
        guard textBytesLeft >= 0 else {
            throw JSONLogicError(
                .ruleSize,
                "the texts of a rule have at most \(JSONLogicRule.maximumTextBytes) bytes together"
            )
        }
    }

    /// Goes a level deeper; the caller comes back by itself.
    private mutating func enter() throws(JSONLogicError) {
        guard levelsLeft > 0 else {
            throw JSONLogicError(.ruleDepth, "a rule nests at most \(JSONLogicRule.maximumDepth) levels deep")
        }
        levelsLeft -= 1
    }

    /// A value in which nothing is evaluated.
    private mutating func literal(_ json: JSONValue) throws(JSONLogicError) -> JSONLogicValue {
        try measure(json)
        return JSONLogicValue(json)
    }

    private mutating func measure(_ json: JSONValue) throws(JSONLogicError) {
        try count(values: 1)
        switch json {
        case .text(let text): try count(textBytes: text.count)
        case .array(let items):
            try enter()
            defer { levelsLeft += 1 }
            for (index, item) in items.enumerated() {
                do { try measure(item) } catch { throw error.inside(.item(index)) }
            }
        case .object(let object):
            try enter()
            defer { levelsLeft += 1 }
            for member in object.members {
                try count(textBytes: member.name.count)
                do { try measure(member.value) } catch { throw error.inside(.member(member.name)) }
            }
        default: break
        }
    }

    // MARK: - Operations

    private mutating func operation(_ name: Text, _ json: JSONValue) throws(JSONLogicError) -> JSONLogicNode {
        try enter()
        defer { levelsLeft += 1 }
        let arguments = if case .array(let items) = json { try compile(items) } else { [try compile(json)] }
        func argument(_ index: Int) -> JSONLogicNode { index < arguments.count ? arguments[index] : .absent }
        switch name {
        case "var": return try variable(argument(0), fallback: arguments.count > 1 ? arguments[1] : nil)
        case "if", "?:": return .conditional(arguments)
        case "and": return .and(arguments)
        case "or": return .or(arguments)
        case "reduce":
            let initial = arguments.count > 2 ? arguments[2] : .literal(.null)
            return .reduction(over: argument(0), body: argument(1), initial: initial)
        default: break
        }
        if let iteration = JSONLogicIteration(rawValue: name.string) {
            return .iteration(iteration, over: argument(0), body: argument(1))
        }
        guard let known = JSONLogicOperator(rawValue: name.string) else {
            throw JSONLogicError(unknownOperator: name)
        }
        guard known != .multiply || !arguments.isEmpty else {
            throw JSONLogicError(.arguments, "\"*\" has at least one argument")
        }
        return .operation(known, Array(arguments.prefix(known.arity)))
    }

    /// A path that the rule states is cut into its parts once.
    private mutating func variable(
        _ path: JSONLogicNode,
        fallback: JSONLogicNode?
    ) throws(JSONLogicError) -> JSONLogicNode {
        guard case .literal(let value) = path else { return .computedVariable(path, fallback: fallback) }
        let text: Text
        switch value {
        case .undefined, .null: return .variable(.whole, fallback: fallback)
        case .text(let path):
            if path.count == 0 { return .variable(.whole, fallback: fallback) }
            text = path
        case .bool(let bool): text = bool ? "true" : "false"
        case .number(let number): text = Text(JavaScriptNumber.text(number))
        case .array, .object: return .computedVariable(path, fallback: fallback)
        }
        try count(values: text.utf8.count { $0 == UInt8(ascii: ".") })
        return .variable(JSONLogicPath(text), fallback: fallback)
    }
}
