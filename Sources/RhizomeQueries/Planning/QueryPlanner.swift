internal import Bytes

/// Puts the operators of checked expressions in order, selections as low as they can stand.
struct QueryPlanner {
    private var nodes: [QueryPlan.Node] = []
    /// The nodes of the entries of `let`.
    private var named: [Int] = []

    /// Adds an entry of `let`, made once for all that use it: no selection is moved into it.
    mutating func addNamed(_ checked: CheckedExpression) { named.append(add(checked, where: [])) }

    /// Adds an expression with selections above it.
    ///
    /// Calls itself once for each level of operators, which were counted when they were checked.
    mutating func add(_ checked: CheckedExpression, where rules: [RowRule]) -> Int {
        switch checked.operation {
        case .select(let own): return add(checked.inputs[0], where: own.flatMap(\.conjuncts) + rules)
        case .named(let index): return select(named[index], checked.header, where: rules)
        case .base(.entities(let entities)):
            let lists = rules.compactMap { $0.texts(of: QueryBase.Entities.id) }
            let base = entities.limited(to: lists)
            return select(append(checked, .base(.entities(base)), []), checked.header, where: rules)
        case .base, .values: return select(append(checked, []), checked.header, where: rules)
        default: break
        }
        var below = [[RowRule]](repeating: [], count: checked.inputs.count)
        var above: [RowRule] = []
        for rule in rules {
            let sides = checked.sides(for: rule)
            for side in sides { below[side].append(rule) }
            if sides.isEmpty { above.append(rule) }
        }
        var inputs: [Int] = []
        for (input, rules) in zip(checked.inputs, below) { inputs.append(add(input, where: rules)) }
        return select(append(checked, inputs), checked.header, where: above)
    }

    private mutating func append(_ checked: CheckedExpression, _ inputs: [Int]) -> Int {
        append(checked, checked.operation, inputs)
    }

    private mutating func append(_ checked: CheckedExpression, _ operation: QueryOperation, _ inputs: [Int]) -> Int {
        nodes.append(
            QueryPlan.Node(operation: operation, inputs: inputs, header: checked.header, place: checked.place)
        )
        return nodes.count - 1
    }

    private mutating func select(_ input: Int, _ header: Header, where rules: [RowRule]) -> Int {
        guard let first = rules.first else { return input }
        nodes.append(QueryPlan.Node(operation: .select(rules), inputs: [input], header: header, place: first.home))
        return nodes.count - 1
    }

    // MARK: - What is needed

    /// Which columns of a relation matter to those that use it.
    fileprivate struct Needed {
        /// All of them.
        static let all = Needed(columns: nil)

        /// These alone; all where `nil`.
        private(set) var columns: Set<Text>?

        static func some(_ columns: Set<Text>) -> Needed { Needed(columns: columns) }

        mutating func add(_ other: Needed) {
            guard let columns, let more = other.columns else {
                self.columns = nil
                return
            }
            self.columns = columns.union(more)
        }
    }

    /// Has entities read without the columns that don't matter.
    mutating func prune() {
        var needed = [Needed](repeating: .some([]), count: nodes.count)
        needed[nodes.count - 1] = .all
        for index in nodes.indices.reversed() {
            let node = nodes[index]
            if case .base(.entities(let base)) = node.operation, let columns = needed[index].columns {
                nodes[index].operation = .base(.entities(base.narrowed(to: columns)))
            }
            for (input, more) in zip(node.inputs, needs(of: node, needed[index])) { needed[input].add(more) }
        }
    }

    private func needs(of node: QueryPlan.Node, _ needed: Needed) -> [Needed] {
        func with(_ columns: Set<Text>?) -> Needed {
            guard let columns, let own = needed.columns else { return .all }
            return .some(own.union(columns))
        }
        switch node.operation {
        case .base, .values: return []
        case .named, .union, .intersect, .except, .order, .limit: return node.inputs.map { _ in .all }
        case .select(let rules): return [rules.reduce(into: needed) { $0.add($1.needed) }]
        case .project(let columns): return [.some(Set(columns))]
        case .rename(let renamings):
            guard let columns = needed.columns else { return [.all] }
            return [.some(columns.subtracting(renamings.map(\.new)).union(renamings.map(\.old)))]
        case .extend(let extensions):
            guard let columns = needed.columns else { return [.all] }
            let others = columns.subtracting(extensions.map(\.column))
            return [extensions.reduce(into: .some(others)) { $0.add($1.rule.needed) }]
        case .group(let grouping): return [.some(Set(grouping.columns + grouping.aggregates.compactMap(\.argument)))]
        case .closure(let closure, _):
            let edges = Needed.some([closure.from, closure.to])
            return node.inputs.count == 1 ? [edges] : [edges, .all]
        case .join(let join):
            let (left, right) = (nodes[node.inputs[0]].header, nodes[node.inputs[1]].header)
            guard !left.isOpen, !right.isOpen else { return [.all, .all] }
            var shared = join.isWide ? needed : .some([])
            if let rule = join.rule { shared.add(rule.needed) }
            let pairs = join.pairs(left, right)
            var (first, second) = (shared, shared)
            if !join.isWide { first.add(needed) }
            first.add(.some(Set(pairs.map(\.left))))
            second.add(.some(Set(pairs.map(\.right))))
            return [first, second]
        }
    }

    /// The nodes that the last one needs, in the same order.
    var reachable: [QueryPlan.Node] {
        var isUsed = [Bool](repeating: false, count: nodes.count)
        isUsed[nodes.count - 1] = true
        for index in nodes.indices.reversed() where isUsed[index] {
            for input in nodes[index].inputs { isUsed[input] = true }
        }
        var places: [Int: Int] = [:]
        var kept: [QueryPlan.Node] = []
        for (index, node) in nodes.enumerated() where isUsed[index] {
            places[index] = kept.count
            kept.append(
                QueryPlan.Node(
                    operation: node.operation,
                    inputs: node.inputs.compactMap { places[$0] },
                    header: node.header,
                    place: node.place
                )
            )
        }
        return kept
    }
}

extension RowRule {
    /// The columns that it looks at.
    fileprivate var needed: QueryPlanner.Needed { columns.map { .some($0) } ?? .all }
}

extension CheckedExpression {
    /// Below which of the operator's relations a selection above it can stand instead; none where it has to stay.
    fileprivate func sides(for rule: RowRule) -> [Int] {
        switch operation {
        case .base, .values, .named, .select, .rename, .limit, .closure: return []
        case .order: return [0]
        case .project: return rule.columns == nil ? [] : [0]
        case .extend(let extensions):
            return rule.columns?.isDisjoint(with: extensions.map(\.column)) == true ? [0] : []
        case .group(let grouping):
            return rule.columns.map { !$0.isEmpty && $0.isSubset(of: grouping.columns) } == true ? [0] : []
        case .union, .intersect:
            return inputs.allSatisfy { rule.reads(onlyFrom: $0.header) } ? Array(inputs.indices) : []
        case .except: return rule.reads(onlyFrom: inputs[0].header) ? [0] : []
        case .join(let join):
            guard join.isWide else { return [0] }
            guard join.kind == .inner else { return rule.reads(onlyFrom: inputs[0].header) ? [0] : [] }
            return inputs.indices.filter { rule.reads(onlyFrom: inputs[$0].header) }
        }
    }
}

extension QueryBase.Entities {
    /// The same of those entities alone that are in each of the lists.
    fileprivate func limited(to lists: [[Text]]) -> Self {
        guard let first = lists.first else { return self }
        let ids = lists.dropFirst().reduce(Set(first)) { $0.intersection($1) }
        return Self(collection: collection, schema: schema, columns: columns, ids: ids.sorted())
    }

    /// The same with those columns alone.
    fileprivate func narrowed(to needed: Set<Text>) -> Self {
        let others = needed.subtracting([Self.id]).sorted().map { QueryExpression.Column($0, from: $0) }
        let columns = columns?.filter { needed.contains($0.name) } ?? others
        return Self(collection: collection, schema: schema, columns: columns, ids: ids)
    }
}
