public import Bytes
public import StrictJSON

/// Why a JSON-Logic rule can't be taken, or its evaluation was ended.
public struct JSONLogicError: CodedError {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The rule has an operator that there isn't.
        case unknownOperator
        /// An operator has fewer arguments than it needs.
        case arguments
        /// The rule has more values or more text than ``JSONLogicRule`` takes.
        case ruleSize
        /// The rule nests deeper than ``JSONLogicRule`` takes.
        case ruleDepth
        /// The evaluation needs more steps than its budget has.
        case steps
        /// The evaluation produces more bytes than its budget allows.
        case bytes
        /// The evaluation produces arrays and objects that nest deeper than its budget allows.
        case depth
    }

    /// What is wrong, and all that equality looks at.
    public let code: Code
    /// What is wrong and what to do.
    ///
    /// Names an unknown operator, which the sender chose: escape it for terminals.
    public let message: String
    /// The way from the outermost rule to the fault; empty for an evaluation that was ended.
    public private(set) var path: [JSONError.Step] = []
    /// Which of several rules it was; `nil` where there is one alone.
    public private(set) var rule: String?
    /// The operator that there isn't, its first 60 scalars; `nil` where something else is wrong.
    public private(set) var unknownOperator: String?

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The error of an operator that there isn't.
    init(unknownOperator name: Text) {
        let start = String(name.string.unicodeScalars.prefix(60))
        self.init(.unknownOperator, "there is no operator \"\(start)\" in JSON-Logic")
        unknownOperator = start
    }

    /// The same error, seen from one level further out.
    func inside(_ step: JSONError.Step) -> JSONLogicError {
        var error = self
        error.path.insert(step, at: 0)
        return error
    }

    /// The same error, told of one of several rules.
    func of(rule name: String) -> JSONLogicError {
        var error = self
        error.rule = name
        return error
    }

    /// The path as a JSON pointer (RFC 6901): `/and/1/foo`; empty at the outermost value.
    ///
    /// Holds names that the sender chose: escape it for terminals.
    public var pointer: String { JSONError.pointer(path) }

    /// The message, and the place where there is one.
    public var description: String { path.isEmpty ? message : "\(message) (at \(pointer))" }
}
