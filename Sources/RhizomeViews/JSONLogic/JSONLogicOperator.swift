/// The operators that look at the items of an array, each of which is the data of the operator's second argument.
enum JSONLogicIteration: String, Sendable {
    case map, filter, all, none, some
}

/// The operators that have all their arguments evaluated first.
enum JSONLogicOperator: String, Sendable {
    case equal = "=="
    case strictlyEqual = "==="
    case notEqual = "!="
    case notStrictlyEqual = "!=="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case not = "!"
    case truth = "!!"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case min, max
    case merge, cat, substr, log
    case `in`
    case missing
    case missingSome = "missing_some"

    /// How many arguments count; those that follow are ignored, as JavaScript does.
    var arity: Int {
        switch self {
        case .not, .truth, .log: 1
        case .less, .lessOrEqual, .substr: 3
        case .add, .multiply, .min, .max, .merge, .cat, .missing: .max
        default: 2
        }
    }
}
