internal import Bytes
public import StrictJSON

extension QueryExpression {
    /// The JSON form (spec: query.md); read again, it is the same expression.
    ///
    /// Calls itself once for each level of operators.
    public var json: JSONValue {
        switch self {
        case .entities(let entities):
            var members = JSONObject()
            if let collection = entities.collection { members.append("of", .text(collection)) }
            if let schema = entities.schema { members.append("schema", .text(schema)) }
            if let columns = entities.columns { members.append("columns", Self.json(columns)) }
            return ["entities": .object(members)]
        case .relation(let relation):
            var members: JSONObject = ["schema": .text(relation.schema), "name": .text(relation.name)]
            if let columns = relation.columns { members.append("columns", Self.json(columns)) }
            return ["relation": .object(members)]
        case .deltas(let deltas):
            return ["deltas": ["property": .text(deltas.property), "columns": Self.json(deltas.columns)]]
        case .values(let columns, let rows):
            return ["values": ["columns": Self.json(columns), "rows": .array(rows.map { .array($0) })]]
        case .named(let name): return ["named": .text(name)]
        case .select(let rows, let rule): return ["select": [rows.json, rule]]
        case .project(let rows, let columns): return ["project": [rows.json, Self.json(columns)]]
        case .rename(let rows, let renamings):
            return ["rename": [rows.json, Self.object(renamings.map { ($0.old, .text($0.new)) })]]
        case .extend(let rows, let extensions):
            return ["extend": [rows.json, Self.object(extensions.map { ($0.column, $0.rule) })]]
        case .join(let left, let right, let join): return ["join": [left.json, right.json, join.json]]
        case .union(let sides): return ["union": .array(sides.map(\.json))]
        case .intersect(let sides): return ["intersect": .array(sides.map(\.json))]
        case .except(let left, let right): return ["except": [left.json, right.json]]
        case .group(let rows, let grouping): return ["group": [rows.json, grouping.json]]
        case .order(let rows, let keys): return ["order": [rows.json, .array(keys.map(\.json))]]
        case .limit(let rows, let count): return ["limit": [rows.json, .integer(Int64(count))]]
        case .closure(let rows, let closure): return ["closure": [rows.json, closure.json]]
        }
    }

    private static func json(_ names: [Text]) -> JSONValue { .array(names.map { .text($0) }) }

    private static func json(_ columns: [Column]) -> JSONValue { object(columns.map { ($0.name, .text($0.source)) }) }

    private static func object(_ members: [(Text, JSONValue)]) -> JSONValue {
        .object(members.reduce(into: JSONObject()) { $0.append($1.0, $1.1) })
    }
}

extension QueryExpression.Join {
    fileprivate var json: JSONValue {
        var members: JSONObject = ["kind": .string(kind.rawValue)]
        if let pairs { members.append("on", .array(pairs.map { [.text($0.left), .text($0.right)] })) }
        if let rule { members.append("where", rule) }
        return .object(members)
    }
}

extension QueryExpression.Grouping {
    fileprivate var json: JSONValue {
        var aggregates = JSONObject()
        for aggregate in self.aggregates {
            let argument: JSONValue = aggregate.argument.map { .text($0) } ?? []
            aggregates.append(aggregate.column, [Text(aggregate.function.rawValue): argument])
        }
        return ["by": .array(columns.map { .text($0) }), "with": .object(aggregates)]
    }
}

extension QueryExpression.OrderKey {
    fileprivate var json: JSONValue {
        isDescending ? ["by": .text(column), "descending": true] : ["by": .text(column)]
    }
}

extension QueryExpression.Closure {
    fileprivate var json: JSONValue {
        var members: JSONObject = ["from": .text(from), "to": .text(to)]
        switch start {
        case .values(let values): members.append("start", .array(values))
        case .relation(let relation): members.append("start", relation.json)
        case nil: break
        }
        if let depth { members.append("depth", .text(depth)) }
        if atMost != Self.standardSteps { members.append("atMost", .integer(Int64(atMost))) }
        return .object(members)
    }
}
