internal import Bytes
internal import StrictJSON

/// An expression of which everything is known to fit, as far as that can be told before anything is read.
struct CheckedExpression: Sendable {
    let operation: QueryOperation
    let inputs: [CheckedExpression]
    let header: Header
    /// Whether the rows have an order that an operator gave them.
    let isOrdered: Bool
    let place: QueryParser.Place
}

/// Checks the expressions of a query, and finds what names stand for.
struct ExpressionChecker {
    private let parameters: QueryParameters
    private let entries: [Query.Named]
    /// The entries of `let` in an order in which each uses only earlier ones.
    private(set) var named: [CheckedExpression] = []
    /// Where an entry is among them; `nil` while it is looked at.
    private var places: [Text: Int?] = [:]
    private var operatorsLeft = QueryBounds.operators

    /// - Parameter isWhole: whether all parameters have to be given.
    init(_ query: Query, isWhole: Bool) throws(QueryFault) {
        parameters = try QueryParameters(query.parameters, others: isWhole ? nil : .null)
        entries = query.named
        var names: Set<Text> = []
        for entry in entries where !names.insert(entry.name).inserted {
            throw QueryFault(at: [.member("let"), .member(entry.name)], "two relations have this name")
        }
    }

    /// Checks entries that nothing uses too.
    mutating func checkNamed() throws(QueryFault) {
        for entry in entries { _ = try place(of: entry.name, at: [.member("let")], depth: 0) }
    }

    private mutating func place(of name: Text, at place: QueryParser.Place, depth: Int) throws(QueryFault) -> Int {
        if let known = places[name] {
            guard let known else { throw QueryFault(at: place, "\"\(name.told)\" uses itself") }
            return known
        }
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw QueryFault(at: place, "there is no relation \"\(name.told)\" in \"let\"")
        }
        places[name] = .some(nil)
        let checked = try check(entry.expression, at: [.member("let"), .member(name)], depth: depth)
        named.append(checked)
        places[name] = named.count - 1
        return named.count - 1
    }

    /// Checks an expression.
    ///
    /// Calls itself once for each level of operators, at most ``QueryBounds/depth`` deep.
    mutating func check(
        _ expression: QueryExpression,
        at place: QueryParser.Place,
        depth: Int = 0
    ) throws(QueryFault) -> CheckedExpression {
        let place = place + [.member(expression.name)]
        guard depth < QueryBounds.depth else {
            throw QueryFault(at: place, "operators nest at most \(QueryBounds.depth) levels deep")
        }
        operatorsLeft -= 1
        guard operatorsLeft >= 0 else {
            throw QueryFault(at: place, "a query has at most \(QueryBounds.operators) operators")
        }
        var inputs: [CheckedExpression] = []
        for (step, input) in expression.inputs {
            inputs.append(try check(input, at: place + step, depth: depth + 1))
        }
        if inputs.isEmpty, expression.isMerge {
            throw QueryFault(at: place, "this operator has at least one relation")
        }
        let operation = try self.operation(expression, at: place, depth: depth)
        if case .named(let index) = operation { inputs = [named[index]] }
        let isOrdered: Bool
        switch operation {
        case .order: isOrdered = true
        case .select, .project, .rename, .extend, .named, .limit: isOrdered = inputs[0].isOrdered
        default: isOrdered = false
        }
        if case .limit = operation, !isOrdered {
            throw QueryFault(at: place, "which rows are the first is told by an \"order\" below \"limit\"")
        }
        return CheckedExpression(
            operation: operation,
            inputs: inputs,
            header: try operation.header(inputs.map(\.header), at: place),
            isOrdered: isOrdered,
            place: place
        )
    }

    private mutating func operation(
        _ expression: QueryExpression,
        at place: QueryParser.Place,
        depth: Int
    ) throws(QueryFault) -> QueryOperation {
        switch expression {
        case .entities(let entities):
            return .base(
                .entities(
                    QueryBase.Entities(
                        collection: entities.collection,
                        schema: entities.schema,
                        columns: entities.columns,
                        ids: nil
                    )
                )
            )
        case .relation(let relation): return .base(.relation(relation))
        case .deltas(let deltas):
            guard !deltas.columns.isEmpty else {
                throw QueryFault(at: place + [.member("columns")], "at least one role has to be a column")
            }
            return .base(.deltas(deltas))
        case .values(let columns, let rows):
            var filled: [[JSONValue]] = []
            for (index, row) in rows.enumerated() {
                let within = place + [.member("rows"), .item(index)]
                guard row.count == columns.count else {
                    throw QueryFault(at: within, "a row is an array with a value for each column")
                }
                filled.append(try self.filled(row, at: within))
            }
            return .values(columns: columns, rows: filled)
        case .named(let name): return .named(try self.place(of: name, at: place, depth: depth + 1))
        case .select(_, let rule): return .select([try RowRule(rule, parameters, at: place + [.item(1)], of: place)])
        case .project(_, let columns): return .project(columns)
        case .rename(_, let renamings): return .rename(renamings)
        case .extend(_, let extensions):
            var compiled: [(column: Text, rule: RowRule)] = []
            for item in extensions {
                let within = place + [.item(1), .member(item.column)]
                compiled.append((item.column, try RowRule(item.rule, parameters, at: within, of: place)))
            }
            return .extend(compiled)
        case .join(_, _, let join):
            var rule: RowRule?
            if let json = join.rule {
                let within = place + [.item(2), .member("where")]
                rule = try RowRule(json, parameters, at: within, of: place)
            }
            return .join(QueryOperation.Join(kind: join.kind, pairs: join.pairs, rule: rule))
        case .union: return .union
        case .intersect: return .intersect
        case .except: return .except
        case .group(_, let grouping): return .group(grouping)
        case .order(_, let keys): return .order(keys)
        case .limit(_, let count): return .limit(count)
        case .closure(_, let closure):
            guard case .values(let values) = closure.start else { return .closure(closure, start: nil) }
            return .closure(closure, start: try filled(values, at: place + [.item(1), .member("start")]))
        }
    }

    /// Values with those of parameters among them.
    private func filled(_ values: [JSONValue], at place: QueryParser.Place) throws(QueryFault) -> [JSONValue] {
        var filled: [JSONValue] = []
        for (index, value) in values.enumerated() {
            filled.append(try parameters.filled(value, at: place + [.item(index)]).canonical)
        }
        return filled
    }
}

extension QueryExpression {
    /// The operator's name.
    fileprivate var name: Text {
        switch self {
        case .entities: "entities"
        case .relation: "relation"
        case .deltas: "deltas"
        case .values: "values"
        case .named: "named"
        case .select: "select"
        case .project: "project"
        case .rename: "rename"
        case .extend: "extend"
        case .join: "join"
        case .union: "union"
        case .intersect: "intersect"
        case .except: "except"
        case .group: "group"
        case .order: "order"
        case .limit: "limit"
        case .closure: "closure"
        }
    }

    /// Whether it takes any number of relations but none.
    fileprivate var isMerge: Bool {
        switch self {
        case .union, .intersect: true
        default: false
        }
    }

    /// The relations that the operator has, and where they stand in its argument.
    fileprivate var inputs: [(step: QueryParser.Place, expression: QueryExpression)] {
        switch self {
        case .entities, .relation, .deltas, .values, .named: []
        case .select(let rows, _), .project(let rows, _), .rename(let rows, _), .extend(let rows, _),
            .group(let rows, _), .order(let rows, _), .limit(let rows, _):
            [([.item(0)], rows)]
        case .join(let left, let right, _), .except(let left, let right): [([.item(0)], left), ([.item(1)], right)]
        case .union(let sides), .intersect(let sides): sides.enumerated().map { ([.item($0.offset)], $0.element) }
        case .closure(let rows, let closure):
            if case .relation(let start) = closure.start {
                [([.item(0)], rows), ([.item(1), .member("start")], start)]
            } else {
                [([.item(0)], rows)]
            }
        }
    }
}
