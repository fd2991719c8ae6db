import Bytes
import RhizomeCore
import RhizomeTesting
import StrictJSON
import Testing

@testable import RhizomeQueries

/// What holds of all queries over all relations.
@Suite struct QueryLawTests {
    private static func rows(_ result: QueryResult) -> [JSONObject] {
        (0..<result.count).map { result.json(ofRow: $0) }
    }

    private static func forRandomQueries(
        _ count: Int = 400,
        levels: Int = 4,
        _ body: (RandomQueries, RandomQueries.Expression, inout SeededGenerator) throws -> Void
    ) throws {
        try withSeed { random in
            for _ in 0..<count {
                let data = RandomQueries(using: &random)
                try body(data, data.expression(levels: levels, using: &random), &random)
            }
        }
    }

    /// The same with each operator's relations made by themselves, so that nothing is moved into them.
    private static func apart(_ expression: QueryExpression, _ named: inout [Query.Named]) -> QueryExpression {
        func name(_ expression: QueryExpression) -> QueryExpression {
            let apart = apart(expression, &named)
            let name = Text("n\(named.count)")
            named.append(Query.Named(name, apart))
            return .named(name)
        }
        switch expression {
        case .entities, .relation, .deltas, .values, .named: return expression
        case .select(let rows, let rule): return .select(name(rows), rule)
        case .project(let rows, let columns): return .project(name(rows), columns)
        case .rename(let rows, let names): return .rename(name(rows), names)
        case .extend(let rows, let more): return .extend(name(rows), more)
        case .join(let left, let right, let join): return .join(name(left), name(right), join)
        case .union(let sides): return .union(sides.map(name))
        case .intersect(let sides): return .intersect(sides.map(name))
        case .except(let left, let right): return .except(name(left), name(right))
        case .group(let rows, let grouping): return .group(name(rows), grouping)
        case .order(let rows, let keys): return .order(name(rows), keys)
        case .limit(let rows, let count): return .limit(name(rows), count)
        case .closure(let rows, let closure): return .closure(name(rows), closure)
        }
    }

    @Test("what is moved and left out of a plan changes no row, and of no row the deltas on which it rests")
    func rewrites() throws {
        try Self.forRandomQueries { data, expression, _ in
            let query = Query(expression.query, provenance: .rows)
            var named: [Query.Named] = []
            let apart = Query(Self.apart(expression.query, &named), named: named, provenance: .rows)
            guard (try? QueryPlan(apart)) != nil else { return }
            try #require(try Self.rows(data.result(query)) == Self.rows(data.result(apart)), "\(expression.query.json)")
        }
    }

    @Test("a result is the same each time, its rows are different, its columns those that it should have")
    func sets() throws {
        try Self.forRandomQueries { data, expression, _ in
            let result = try data.result(Query(expression.query))
            let rows = Self.rows(result)
            try #require(result.columns == expression.columns, "\(expression.query.json)")
            try #require(Set(rows).count == rows.count, "\(expression.query.json)")
            try #require(try Self.rows(data.result(Query(expression.query))) == rows, "\(expression.query.json)")
            let told = try JSONValue(parsing: expression.query.json.encoded)
            var parser = QueryParser()
            try #require(try parser.expression(told, at: []) == expression.query)
        }
    }

    @Test("unions and intersections commute, and are themselves with themselves; differences and joins add up")
    func algebra() throws {
        try Self.forRandomQueries(levels: 2) { data, expression, random in
            let one = expression.query
            let other = QueryExpression.select(one, ["!": [["var": .text(expression.columns[0])]]])
            // Twice as many operators may be more than there may be.
            let widest = QueryExpression.union([.except(one, other), .intersect([one, other])])
            guard (try? QueryPlan(Query(widest))) != nil else { return }
            func rows(_ query: QueryExpression) throws -> [JSONObject] { try Self.rows(data.result(Query(query))) }
            func set(_ query: QueryExpression) throws -> Set<JSONObject> { Set(try rows(query)) }
            try #require(try rows(.union([one, other])) == rows(.union([other, one])))
            try #require(try rows(.intersect([one, other])) == rows(.intersect([other, one])))
            try #require(try set(.union([one, one])) == set(one) && set(.intersect([one, one])) == set(one))
            try #require(try set(widest) == set(one))
            try #require(try rows(.except(one, one)).isEmpty)
            let right = data.expression(levels: 1, using: &random).query
            let semi = QueryExpression.join(one, right, .init(.semi))
            let anti = QueryExpression.join(one, right, .init(.anti))
            try #require(try set(.union([semi, anti])) == set(one) && rows(.intersect([semi, anti])).isEmpty)
            let inner = try set(.join(one, right, .init()))
            let left = try set(.join(one, right, .init(.left)))
            let alone = try rows(anti).count
            try #require(left.isSuperset(of: inner) && left.count == inner.count + alone)
            let count = QueryExpression.group(one, .init(by: [], with: [.init("n", .count)]))
            let number = try Int64(rows(one).count)
            try #require(try rows(count) == [["n": .integer(number)]])
        }
    }

    @Test("a row is there also by the deltas alone on which it rests, where nothing absent matters")
    func sufficient() throws {
        var checked = 0
        try Self.forRandomQueries { data, expression, random in
            let query = Query(expression.query, provenance: Bool.random(using: &random) ? .rows : .cells)
            let result = try data.result(query)
            for index in 0..<result.count where !result.restsOnAbsence(row: index) {
                let because = Set(result.because(ofRow: index))
                let alone = try data.result(query, within: because)
                let cells = result.cells(ofRow: index)
                let isThere = (0..<alone.count).contains { alone.cells(ofRow: $0) == cells }
                try #require(isThere, "\(expression.query.json) row \(cells) by \(because)")
                checked += 1
            }
        }
        #expect(checked > 100)
    }

    @Test("other sets of deltas that give a row give it too")
    func alternatives() throws {
        var checked = 0
        try Self.forRandomQueries(1_200) { data, expression, random in
            let columns = Array(expression.columns.shuffled(using: &random).prefix(1))
            var query = Query(.project(expression.query, columns), provenance: .rows)
            query.tellsAlternatives = true
            let result = try data.result(query)
            for index in 0..<result.count where !result.restsOnAbsence(row: index) {
                let sets = result.json(ofRow: index)["_also"]?.array ?? []
                try #require(sets.count <= QueryBounds.alternatives)
                for set in sets {
                    let ids = Set((set.array ?? []).compactMap { $0.text.flatMap { DeltaID(hex: $0.string) } })
                    let alone = try data.result(query, within: ids)
                    let cells = result.cells(ofRow: index)
                    // Where another way to the row rests on what is absent, it may need others to be absent.
                    let found = (0..<alone.count).contains { alone.cells(ofRow: $0) == cells }
                    try #require(found, "\(expression.query.json) \(cells)")
                    checked += 1
                }
            }
        }
        #expect(checked > 3)
    }
}
