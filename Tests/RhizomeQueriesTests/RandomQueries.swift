import Bytes
import RhizomeCore
import RhizomeTesting
import StrictJSON

@testable import RhizomeQueries

/// Random expressions over random relations, in which each cell rests on deltas of its own.
struct RandomQueries {
    /// An expression and its columns.
    struct Expression {
        var query: QueryExpression
        var columns: [Text]
        var isOrdered = false
    }

    private static let values: [JSONValue] = [
        .null, .bool(false), .bool(true), 0, 1, 2, -1, .float(0.5), "", "a", "b", "u1", "u2", [1], ["a", .null],
    ]

    /// The properties of entities of each collection.
    private let collections: [Text: [Text]] = ["p": ["x", "y"], "q": ["x", "z"]]
    /// What each entity of a collection has: for each property a value, and the deltas on which it rests.
    private(set) var entities: [Text: [(id: Text, values: [Text: JSONValue])]] = [:]
    private(set) var edges: [(from: Text, to: Text)] = []

    init(using random: inout SeededGenerator) {
        for (collection, properties) in collections.sorted(by: { $0.key < $1.key }) {
            for number in 0..<Int.random(in: 0...5, using: &random) {
                var values: [Text: JSONValue] = [:]
                for property in properties where Int.random(in: 0..<4, using: &random) > 0 {
                    values[property] = Self.values.randomElement(using: &random)
                }
                entities[collection, default: []].append((Text("u\(number)"), values))
            }
        }
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            edges.append(
                (Text("u\(Int.random(in: 0..<4, using: &random))"), Text("u\(Int.random(in: 0..<4, using: &random))"))
            )
        }
    }

    // MARK: - Base relations

    /// The deltas of an entity: of the entity as such, and of each property.
    private func delta(_ collection: Text, _ id: Text, _ property: Text) -> DeltaID {
        var hasher = FNV()
        for text in [collection, id, property] { hasher.feed(text) }
        return QueryFixtures.delta(hasher.number)
    }

    /// What is read for a base relation, of the deltas alone that are in a set; all where `nil`.
    func relation(_ base: QueryBase, within deltas: Set<DeltaID>? = nil) -> BaseRelation {
        func isHeld(_ delta: DeltaID) -> Bool { deltas?.contains(delta) ?? true }
        switch base {
        case .entities(let base):
            let collection = base.collection ?? "p"
            let columns = base.columns ?? (collections[collection] ?? []).map { QueryExpression.Column($0, from: $0) }
            var rows: [BaseRelation.Row] = []
            for (id, values) in entities[collection] ?? [] {
                let own = delta(collection, id, "")
                guard isHeld(own), base.ids?.contains(id) ?? true else { continue }
                var cells: [JSONValue?] = [.text(id)]
                var because: [[DeltaID]] = [[]]
                for column in columns {
                    let delta = delta(collection, id, column.source)
                    let value = isHeld(delta) ? values[column.source] : nil
                    cells.append(value)
                    because.append(value == nil ? [] : [delta])
                }
                rows.append(BaseRelation.Row(cells, because: BaseRelation.Lineage(row: [own], cells: because)))
            }
            return BaseRelation(columns: [QueryBase.Entities.id] + columns.map(\.name), rows: rows)
        case .deltas, .relation:
            var rows: [BaseRelation.Row] = []
            for (number, edge) in edges.enumerated() {
                let delta = QueryFixtures.delta(1_000 + number)
                guard isHeld(delta) else { continue }
                let cells: [JSONValue?] = [
                    .text(edge.from), .text(edge.to), .string(delta.description), "ann", .integer(Int64(number)),
                ]
                rows.append(
                    BaseRelation.Row(cells, because: BaseRelation.Lineage(row: [delta], cells: cells.map { _ in [] }))
                )
            }
            return BaseRelation(columns: ["from", "to"] + QueryBase.deltaColumns, rows: rows)
        }
    }

    /// A query's result, by the deltas that are in a set; all where `nil`.
    func result(_ query: Query, within deltas: Set<DeltaID>? = nil) throws -> QueryResult {
        let plan = try QueryPlan(query)
        var relations: [QueryBase: BaseRelation] = [:]
        for base in plan.bases { relations[base] = relation(base, within: deltas) }
        return try plan.evaluate(over: relations, QueryFixtures.meter())
    }

    // MARK: - Expressions

    /// A random expression.
    func expression(levels: Int, using random: inout SeededGenerator) -> Expression {
        guard levels > 0, Int.random(in: 0..<8, using: &random) > 0 else { return base(using: &random) }
        let input = expression(levels: levels - 1, using: &random)
        switch Int.random(in: 0..<14, using: &random) {
        case 0, 1, 2:
            return Expression(
                query: .select(input.query, rule(input.columns, &random)),
                columns: input.columns,
                isOrdered: input.isOrdered
            )
        case 3:
            let columns = Array(input.columns.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random)))
            return Expression(query: .project(input.query, columns), columns: columns, isOrdered: input.isOrdered)
        case 4:
            let old = input.columns.randomElement(using: &random) ?? "id"
            return renamed(input, [old: fresh(input.columns)])
        case 5:
            let new = fresh(input.columns)
            let rule = rule(input.columns, &random)
            return Expression(
                query: .extend(input.query, [.init(new, by: rule)]),
                columns: input.columns + [new],
                isOrdered: input.isOrdered
            )
        case 6, 7, 8: return join(input, expression(levels: levels - 1, using: &random), &random)
        case 9:
            let other = fitted(expression(levels: levels - 1, using: &random), to: input.columns)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: return Expression(query: .union([input.query, other]), columns: input.columns)
            case 1: return Expression(query: .intersect([input.query, other]), columns: input.columns)
            default: return Expression(query: .except(input.query, other), columns: input.columns)
            }
        case 10, 11:
            let columns = Array(input.columns.shuffled(using: &random).prefix(Int.random(in: 0...2, using: &random)))
            let function = QueryExpression.Grouping.Aggregate.Function.allCases.randomElement(using: &random) ?? .count
            let new = fresh(input.columns)
            let argument = function == .count ? nil : input.columns.randomElement(using: &random)
            let grouping = QueryExpression.Grouping(by: columns, with: [.init(new, function, of: argument)])
            return Expression(query: .group(input.query, grouping), columns: columns + [new])
        case 12:
            let keys = input.columns.shuffled(using: &random).prefix(2).map {
                QueryExpression.OrderKey($0, descending: Bool.random(using: &random))
            }
            let ordered = QueryExpression.order(input.query, keys)
            let limited = Bool.random(using: &random) ? .limit(ordered, Int.random(in: 0...4, using: &random)) : ordered
            return Expression(query: limited, columns: input.columns, isOrdered: true)
        default:
            guard input.columns.count > 1 else { return input }
            let ends = input.columns.shuffled(using: &random)
            let depth = Bool.random(using: &random) ? fresh(input.columns) : nil
            let start: QueryExpression.Closure.Start? = Bool.random(using: &random) ? .values(["u1", "u2"]) : nil
            let closure = QueryExpression.Closure(
                from: ends[0],
                to: ends[1],
                start: start,
                depth: depth,
                atMost: Int.random(in: 1...3, using: &random)
            )
            return Expression(
                query: .closure(input.query, closure),
                columns: [ends[0], ends[1]] + [depth].compactMap(\.self)
            )
        }
    }

    private func base(using random: inout SeededGenerator) -> Expression {
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let columns: [QueryExpression.Column] = [.init("from", from: "from"), .init("to", from: "to")]
            return Expression(
                query: .deltas(.init(about: "knows", columns: columns)),
                columns: ["from", "to"] + QueryBase.deltaColumns
            )
        case 1:
            let rows = (0..<3).map { _ in
                [
                    Self.values.randomElement(using: &random) ?? .null,
                    Self.values.randomElement(using: &random) ?? .null,
                ]
            }
            return Expression(query: .values(columns: ["x", "v"], rows: rows), columns: ["x", "v"])
        default:
            let collection: Text = Bool.random(using: &random) ? "p" : "q"
            let properties = collections[collection] ?? []
            return Expression(
                query: .entities(.init(of: collection, properties: properties)),
                columns: ["id"] + properties
            )
        }
    }

    private func fresh(_ columns: [Text]) -> Text {
        (0...).lazy.map { Text("c\($0)") }.first { !columns.contains($0) } ?? "c"
    }

    private func renamed(_ input: Expression, _ names: [Text: Text]) -> Expression {
        let renamings = names.sorted { $0.key < $1.key }.map { QueryExpression.Renaming($0.key, to: $0.value) }
        return Expression(
            query: .rename(input.query, renamings),
            columns: input.columns.map { names[$0] ?? $0 },
            isOrdered: input.isOrdered
        )
    }

    private func join(_ left: Expression, _ right: Expression, _ random: inout SeededGenerator) -> Expression {
        let kind = QueryExpression.Join.Kind.allCases.randomElement(using: &random) ?? .inner
        let isWide = kind == .inner || kind == .left
        // Natural, or with the right side's columns under names of their own.
        if Bool.random(using: &random) {
            let others = right.columns.filter { !left.columns.contains($0) }
            let columns = left.columns + others
            let rule = Int.random(in: 0..<3, using: &random) == 0 ? self.rule(columns, &random) : nil
            return Expression(
                query: .join(left.query, right.query, .init(kind, where: rule)),
                columns: isWide ? columns : left.columns
            )
        }
        var names: [Text: Text] = [:]
        for column in right.columns { names[column] = fresh(left.columns + right.columns + Array(names.values)) }
        let right = renamed(right, names)
        let pair = QueryExpression.Join.Pair(
            left.columns.randomElement(using: &random) ?? "",
            right.columns.randomElement(using: &random) ?? ""
        )
        let columns = left.columns + right.columns
        let rule = Int.random(in: 0..<3, using: &random) == 0 ? self.rule(columns, &random) : nil
        let join = QueryExpression.Join(kind, on: [pair], where: rule)
        return Expression(query: .join(left.query, right.query, join), columns: isWide ? columns : left.columns)
    }

    /// An expression with columns that are wanted: some of its own under other names, others of a value.
    private func fitted(_ input: Expression, to columns: [Text]) -> QueryExpression {
        var names: [Text: Text] = [:]
        for (index, column) in input.columns.enumerated() { names[column] = Text("t\(index)") }
        var query = renamed(input, names).query
        let kept = input.columns.indices.prefix(columns.count)
        if columns.count > kept.count {
            query = .extend(query, columns[kept.count...].map { .init($0, by: .null) })
        }
        query = .rename(query, kept.map { .init(Text("t\($0)"), to: columns[$0]) })
        return .project(query, columns)
    }

    private func rule(_ columns: [Text], _ random: inout SeededGenerator) -> JSONValue {
        func variable() -> JSONValue { ["var": .text(columns.randomElement(using: &random) ?? "")] }
        func constant() -> JSONValue {
            var value = Self.values.randomElement(using: &random) ?? .null
            if case .array = value { value = "u1" }
            return value
        }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return ["==": [variable(), constant()]]
        case 1: return ["<": [variable(), variable()]]
        case 2: return ["and": [rule(columns, &random), rule(columns, &random)]]
        case 3: return ["!": [rule(columns, &random)]]
        case 4: return ["in": [variable(), [constant(), constant(), "u2"]]]
        case 5: return ["==": [["var": .text(columns.contains("id") ? "id" : columns[0])], "u1"]]
        default: return variable()
        }
    }
}

/// A hash that is the same in each run.
private struct FNV {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func feed(_ text: Text) {
        for byte in Array(text.utf8) + [0xff] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    var number: Int { Int(truncatingIfNeeded: hash) }
}
