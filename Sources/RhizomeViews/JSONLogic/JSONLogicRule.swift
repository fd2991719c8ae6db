public import Bytes
public import StrictJSON

/// A rule of JSON-Logic (jsonlogic.com), compiled once and evaluated many times (spec: views.md, "JSON-Logic").
///
/// It computes what json-logic-js 2 does, JavaScript's coercions included, but for this:
///
/// - An unknown operator is refused wherever it stands, even where it would never be evaluated.
/// - `*` without arguments is refused, and `missing_some` without keys finds nothing missing; the reference throws.
/// - `missing` takes no rules from the data: a key that is an object isn't evaluated.
/// - What JavaScript's values inherit isn't there (`constructor`, `toString`), but `length` of arrays and texts is.
/// - Texts stay valid: half a surrogate pair that `substr` or `var` cuts off becomes U+FFFD.
/// - `log` logs nothing.
public struct JSONLogicRule: Sendable {
    /// How many values a rule may have in all, each part of a variable's path counted too.
    public static let maximumValues = 10_000
    /// How many bytes its texts may have together, names of operators and members too.
    public static let maximumTextBytes = 256 << 10
    /// How deep its arrays and objects may nest.
    public static let maximumDepth = 128

    /// The rule as it was given.
    public let json: JSONValue
    private let root: JSONLogicNode

    /// Compiles a rule.
    ///
    /// - Throws: ``JSONLogicError``: `unknownOperator`, `arguments`, `ruleSize` or `ruleDepth`, with the place.
    /// - Complexity: O(size).
    public init(_ json: JSONValue) throws(JSONLogicError) {
        self.json = json
        var compiler = JSONLogicCompiler()
        root = try compiler.compile(json)
    }

    /// The members of the data that the rule can look at; `nil` where that may be any, since it asks for the whole or
    /// computes a name.
    ///
    /// - Complexity: O(size).
    public var membersRead: Set<Text>? {
        var reads = JSONLogicReads()
        reads.note(root)
        return reads.isWhole ? nil : reads.names
    }

    /// What the rule says of the data.
    ///
    /// Does no I/O and keeps nothing.
    ///
    /// - Parameter budget: what it may cost; the steps are spent, whether it succeeds or not.
    /// - Throws: ``JSONLogicError``: `steps`, `bytes` or `depth`, whichever limit was reached.
    public func evaluate(
        _ data: JSONLogicValue,
        within budget: inout JSONLogicBudget
    ) throws(JSONLogicError) -> JSONLogicValue {
        try evaluate(.value(data), within: &budget)
    }

    /// What the rule says of a record, of which only the members are made that it looks at.
    ///
    /// - Parameter budget: what it may cost; the steps are spent, whether it succeeds or not.
    /// - Throws: ``JSONLogicError``: `steps`, `bytes` or `depth`, whichever limit was reached.
    public func evaluate(
        _ record: some JSONLogicRecord,
        within budget: inout JSONLogicBudget
    ) throws(JSONLogicError) -> JSONLogicValue {
        try evaluate(.record(JSONLogicRecordReader(record)), within: &budget)
    }

    private func evaluate(
        _ scope: JSONLogicScope,
        within budget: inout JSONLogicBudget
    ) throws(JSONLogicError) -> JSONLogicValue {
        var evaluator = JSONLogicEvaluator(budget: budget)
        defer { budget.steps = max(0, evaluator.stepsLeft) }
        return try evaluator.evaluate(root, in: scope)
    }
}
