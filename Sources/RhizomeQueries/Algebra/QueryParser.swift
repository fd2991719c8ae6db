internal import Bytes
internal import RhizomeCore
internal import StrictJSON

/// Reads expressions as they are written in JSON (spec: query.md).
///
/// It says of each part whether it has the shape that it should; what columns there are is looked at later.
struct QueryParser {
    /// The way from the outermost operator to a value.
    typealias Place = [JSONError.Step]

    private var operatorsLeft = QueryBounds.operators

    /// Reads an expression.
    ///
    /// Calls itself once for each level of operators, of which there are few.
    ///
    /// - Parameter depth: in how many operators it is.
    mutating func expression(
        _ json: JSONValue,
        at place: Place,
        depth: Int = 0
    ) throws(QueryFault) -> QueryExpression {
        guard let object = json.object, object.count == 1, let member = object.members.first else {
            throw QueryFault(at: place, "a relation is an object with one member, the operator")
        }
        let name = member.name
        let place = place + [.member(name)]
        guard depth < QueryBounds.depth else {
            throw QueryFault(at: place, "operators nest at most \(QueryBounds.depth) levels deep")
        }
        operatorsLeft -= 1
        guard operatorsLeft >= 0 else {
            throw QueryFault(at: place, "a query has at most \(QueryBounds.operators) operators")
        }
        switch name {
        case "entities": return .entities(try entities(member.value, place))
        case "relation": return .relation(try relation(member.value, place))
        case "deltas": return .deltas(try deltas(member.value, place))
        case "values": return try values(member.value, place)
        case "named": return .named(try Self.text(member.value, place))
        default: return try operation(name, member.value, place, depth + 1)
        }
    }

    private mutating func operation(
        _ name: Text,
        _ json: JSONValue,
        _ place: Place,
        _ depth: Int
    ) throws(QueryFault) -> QueryExpression {
        switch name {
        case "select":
            let items = try Self.items(json, 2, place)
            return .select(try expression(items[0], at: place + [.item(0)], depth: depth), items[1])
        case "project":
            let items = try Self.items(json, 2, place)
            let columns = try Self.texts(items[1], place + [.item(1)])
            return .project(try expression(items[0], at: place + [.item(0)], depth: depth), columns)
        case "rename":
            let items = try Self.items(json, 2, place)
            let within = place + [.item(1)]
            var renamings: [QueryExpression.Renaming] = []
            for member in try Self.object(items[1], within).members {
                let new = try Self.text(member.value, within + [.member(member.name)])
                renamings.append(QueryExpression.Renaming(member.name, to: new))
            }
            return .rename(try expression(items[0], at: place + [.item(0)], depth: depth), renamings)
        case "extend":
            let items = try Self.items(json, 2, place)
            var extensions: [QueryExpression.Extension] = []
            for member in try Self.object(items[1], place + [.item(1)]).members {
                extensions.append(QueryExpression.Extension(member.name, by: member.value))
            }
            return .extend(try expression(items[0], at: place + [.item(0)], depth: depth), extensions)
        case "join":
            guard let items = json.array, (2...3).contains(items.count) else {
                throw QueryFault(at: place, "\"join\" has two relations, and perhaps how they are joined")
            }
            let join = try items.count > 2 ? self.join(items[2], place + [.item(2)]) : QueryExpression.Join()
            let left = try expression(items[0], at: place + [.item(0)], depth: depth)
            return .join(left, try expression(items[1], at: place + [.item(1)], depth: depth), join)
        case "union": return .union(try sides(json, place, depth))
        case "intersect": return .intersect(try sides(json, place, depth))
        case "except":
            _ = try Self.items(json, 2, place)
            let sides = try sides(json, place, depth)
            return .except(sides[0], sides[1])
        case "group":
            let items = try Self.items(json, 2, place)
            let grouping = try grouping(items[1], place + [.item(1)])
            return .group(try expression(items[0], at: place + [.item(0)], depth: depth), grouping)
        case "order":
            let items = try Self.items(json, 2, place)
            let keys = try orderKeys(items[1], place + [.item(1)])
            return .order(try expression(items[0], at: place + [.item(0)], depth: depth), keys)
        case "limit":
            let items = try Self.items(json, 2, place)
            let count = try Self.count(items[1], from: 0, place + [.item(1)])
            return .limit(try expression(items[0], at: place + [.item(0)], depth: depth), count)
        case "closure":
            let items = try Self.items(json, 2, place)
            let closure = try closure(items[1], place + [.item(1)], depth)
            return .closure(try expression(items[0], at: place + [.item(0)], depth: depth), closure)
        default: throw QueryFault(at: place, "there is no operator \"\(name.told)\" in queries")
        }
    }

    private mutating func sides(
        _ json: JSONValue,
        _ place: Place,
        _ depth: Int
    ) throws(QueryFault) -> [QueryExpression] {
        guard let items = json.array, !items.isEmpty else {
            throw QueryFault(at: place, "this operator has an array of relations, at least one")
        }
        var sides: [QueryExpression] = []
        for (index, item) in items.enumerated() {
            sides.append(try expression(item, at: place + [.item(index)], depth: depth))
        }
        return sides
    }

    // MARK: - Base relations

    private func entities(_ json: JSONValue, _ place: Place) throws(QueryFault) -> QueryExpression.Entities {
        let object = try Self.object(json, place, members: ["of", "schema", "columns"])
        return QueryExpression.Entities(
            of: try Self.optionalText(object["of"], place + [.member("of")]),
            schema: try Self.optionalText(object["schema"], place + [.member("schema")]),
            columns: try Self.columns(object["columns"], place + [.member("columns")])
        )
    }

    private func relation(_ json: JSONValue, _ place: Place) throws(QueryFault) -> QueryExpression.Relation {
        let object = try Self.object(json, place, members: ["schema", "name", "columns"])
        return QueryExpression.Relation(
            of: try Self.text(Self.needed("schema", of: object, place), place + [.member("schema")]),
            try Self.text(Self.needed("name", of: object, place), place + [.member("name")]),
            columns: try Self.columns(object["columns"], place + [.member("columns")])
        )
    }

    private func deltas(_ json: JSONValue, _ place: Place) throws(QueryFault) -> QueryExpression.Deltas {
        let object = try Self.object(json, place, members: ["property", "columns"])
        let columns = try Self.columns(Self.needed("columns", of: object, place), place + [.member("columns")])
        return QueryExpression.Deltas(
            about: try Self.text(Self.needed("property", of: object, place), place + [.member("property")]),
            columns: columns ?? []
        )
    }

    private func values(_ json: JSONValue, _ place: Place) throws(QueryFault) -> QueryExpression {
        let object = try Self.object(json, place, members: ["columns", "rows"])
        let columns = try Self.texts(Self.needed("columns", of: object, place), place + [.member("columns")])
        let within = place + [.member("rows")]
        guard let items = try Self.needed("rows", of: object, place).array else {
            throw QueryFault(at: within, "the rows are an array of arrays")
        }
        var rows: [[JSONValue]] = []
        for (index, item) in items.enumerated() {
            guard let row = item.array, row.count == columns.count else {
                throw QueryFault(at: within + [.item(index)], "a row is an array with a value for each column")
            }
            rows.append(row)
        }
        return .values(columns: columns, rows: rows)
    }

    // MARK: - Arguments

    private func join(_ json: JSONValue, _ place: Place) throws(QueryFault) -> QueryExpression.Join {
        let object = try Self.object(json, place, members: ["kind", "on", "where"])
        var kind = QueryExpression.Join.Kind.inner
        if let text = try Self.optionalText(object["kind"], place + [.member("kind")]) {
            guard let named = QueryExpression.Join.Kind(rawValue: text.string) else {
                throw QueryFault(at: place + [.member("kind")], "a join is inner, left, semi or anti")
            }
            kind = named
        }
        var pairs: [QueryExpression.Join.Pair]?
        if let on = object["on"] {
            let within = place + [.member("on")]
            guard let items = on.array else { throw QueryFault(at: within, "\"on\" is an array of columns") }
            var named: [QueryExpression.Join.Pair] = []
            for (index, item) in items.enumerated() {
                let within = within + [.item(index)]
                if let column = item.text {
                    named.append(QueryExpression.Join.Pair(column, column))
                } else if let pair = item.array, pair.count == 2 {
                    let left = try Self.text(pair[0], within + [.item(0)])
                    named.append(QueryExpression.Join.Pair(left, try Self.text(pair[1], within + [.item(1)])))
                } else {
                    throw QueryFault(at: within, "joined on is a column, or the left one and the right one in an array")
                }
            }
            pairs = named
        }
        return QueryExpression.Join(kind, on: pairs, where: object["where"])
    }

    private func grouping(_ json: JSONValue, _ place: Place) throws(QueryFault) -> QueryExpression.Grouping {
        let object = try Self.object(json, place, members: ["by", "with"])
        var columns: [Text] = []
        if let by = object["by"] { columns = try Self.texts(by, place + [.member("by")]) }
        var aggregates: [QueryExpression.Grouping.Aggregate] = []
        if let with = object["with"] {
            let within = place + [.member("with")]
            for member in try Self.object(with, within).members {
                aggregates.append(try aggregate(member.name, member.value, within + [.member(member.name)]))
            }
        }
        return QueryExpression.Grouping(by: columns, with: aggregates)
    }

    private func aggregate(
        _ column: Text,
        _ json: JSONValue,
        _ place: Place
    ) throws(QueryFault) -> QueryExpression.Grouping.Aggregate {
        typealias Function = QueryExpression.Grouping.Aggregate.Function
        guard let object = json.object, object.count == 1, let member = object.members.first,
            let function = Function(rawValue: member.name.string)
        else {
            let names = Function.allCases.map(\.rawValue).joined(separator: ", ")
            throw QueryFault(at: place, "what is told of a group is an object with one member of: \(names)")
        }
        let place = place + [.member(member.name)]
        if function == .count {
            guard member.value.array?.isEmpty == true else {
                throw QueryFault(at: place, "\"count\" counts rows and has an empty array")
            }
            return QueryExpression.Grouping.Aggregate(column, function)
        }
        return QueryExpression.Grouping.Aggregate(column, function, of: try Self.text(member.value, place))
    }

    private func orderKeys(_ json: JSONValue, _ place: Place) throws(QueryFault) -> [QueryExpression.OrderKey] {
        guard let items = json.array else { throw QueryFault(at: place, "an order is an array of keys") }
        var keys: [QueryExpression.OrderKey] = []
        for (index, item) in items.enumerated() {
            let place = place + [.item(index)]
            let object = try Self.object(item, place, members: ["by", "descending"])
            let column = try Self.text(Self.needed("by", of: object, place), place + [.member("by")])
            var isDescending = false
            if let descending = object["descending"] {
                guard let bool = descending.bool else {
                    throw QueryFault(at: place + [.member("descending")], "\"descending\" is true or false")
                }
                isDescending = bool
            }
            keys.append(QueryExpression.OrderKey(column, descending: isDescending))
        }
        return keys
    }

    private mutating func closure(
        _ json: JSONValue,
        _ place: Place,
        _ depth: Int
    ) throws(QueryFault) -> QueryExpression.Closure {
        let object = try Self.object(json, place, members: ["from", "to", "start", "depth", "atMost"])
        var start: QueryExpression.Closure.Start?
        switch object["start"] {
        case .array(let values): start = .values(values)
        case let json?:
            start = .relation(try expression(json, at: place + [.member("start")], depth: depth))
        case nil: break
        }
        var atMost = QueryExpression.Closure.standardSteps
        if let count = object["atMost"] { atMost = try Self.count(count, from: 1, place + [.member("atMost")]) }
        return QueryExpression.Closure(
            from: try Self.text(Self.needed("from", of: object, place), place + [.member("from")]),
            to: try Self.text(Self.needed("to", of: object, place), place + [.member("to")]),
            start: start,
            depth: try Self.optionalText(object["depth"], place + [.member("depth")]),
            atMost: atMost
        )
    }

    // MARK: - Shapes

    private static func items(_ json: JSONValue, _ count: Int, _ place: Place) throws(QueryFault) -> [JSONValue] {
        guard let items = json.array, items.count == count else {
            throw QueryFault(at: place, "this operator has an array of \(count): a relation and what is done with it")
        }
        return items
    }

    private static func object(
        _ json: JSONValue,
        _ place: Place,
        members: Set<Text>? = nil
    ) throws(QueryFault) -> JSONObject {
        guard let object = json.object else { throw QueryFault(at: place, "an object is expected here") }
        if let members, let other = object.members.first(where: { !members.contains($0.name) }) {
            let names = members.sorted().map(\.string).joined(separator: ", ")
            throw QueryFault(at: place + [.member(other.name)], "there is no such member here; there are: \(names)")
        }
        return object
    }

    private static func needed(_ name: Text, of object: JSONObject, _ place: Place) throws(QueryFault) -> JSONValue {
        guard let value = object[name] else { throw QueryFault(at: place, "\"\(name)\" has to be told") }
        return value
    }

    private static func text(_ json: JSONValue, _ place: Place) throws(QueryFault) -> Text {
        guard let text = json.text else { throw QueryFault(at: place, "a text is expected here") }
        return text
    }

    private static func optionalText(_ json: JSONValue?, _ place: Place) throws(QueryFault) -> Text? {
        guard let json else { return nil }
        return try text(json, place)
    }

    private static func texts(_ json: JSONValue, _ place: Place) throws(QueryFault) -> [Text] {
        guard let items = json.array else { throw QueryFault(at: place, "an array of texts is expected here") }
        var texts: [Text] = []
        for (index, item) in items.enumerated() { try texts.append(text(item, place + [.item(index)])) }
        return texts
    }

    private static func count(_ json: JSONValue, from least: Int64, _ place: Place) throws(QueryFault) -> Int {
        guard let integer = json.integer, integer >= least else {
            throw QueryFault(at: place, "a whole number of at least \(least) is expected here")
        }
        return Int(integer)
    }

    private static func columns(
        _ json: JSONValue?,
        _ place: Place
    ) throws(QueryFault) -> [QueryExpression.Column]? {
        switch json {
        case nil: return nil
        case .object(let object)?:
            var columns: [QueryExpression.Column] = []
            for member in object.members {
                let source = try text(member.value, place + [.member(member.name)])
                columns.append(QueryExpression.Column(member.name, from: source))
            }
            return columns
        case let json?: return try texts(json, place).map { QueryExpression.Column($0, from: $0) }
        }
    }
}
