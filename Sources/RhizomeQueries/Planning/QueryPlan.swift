internal import Bytes
internal import StrictJSON

/// In which order a query's relations are made of each other, and what has to be read for that.
///
/// Three things differ from what was asked, and none changes a row of the result: selections stand as low as they can,
/// entities are read with the columns alone that matter, and where their ids are told they are looked up.
public struct QueryPlan: Sendable {
    /// A relation that is made of earlier ones.
    struct Node: Sendable {
        var operation: QueryOperation
        /// Earlier nodes.
        let inputs: [Int]
        /// The columns as far as they are known before anything is read.
        let header: Header
        /// Where the operator stands that asked for it.
        let place: QueryParser.Place
    }

    /// What is made, the last one being the result.
    let nodes: [Node]
    /// What was asked.
    public let query: Query

    /// Plans a query.
    ///
    /// - Throws: ``QueryFault`` where its parts don't fit, with the place.
    /// - Complexity: O(operators × columns).
    public init(_ query: Query) throws(QueryFault) { try self.init(query, isWhole: true) }

    /// Refuses a query that has no meaning whatever its parameters are: those that it lacks may come later.
    ///
    /// - Throws: ``QueryFault`` where its parts don't fit, with the place.
    static func check(_ query: Query) throws(QueryFault) { _ = try QueryPlan(query, isWhole: false) }

    private init(_ query: Query, isWhole: Bool) throws(QueryFault) {
        var checker = try ExpressionChecker(query, isWhole: isWhole)
        try checker.checkNamed()
        let checked = try checker.check(query.expression, at: [])
        var planner = QueryPlanner()
        for named in checker.named { planner.addNamed(named) }
        _ = planner.add(checked, where: [])
        planner.prune()
        nodes = planner.reachable
        self.query = query
    }

    /// The relations to be read from the database, each once.
    public var bases: [QueryBase] {
        var seen: Set<QueryBase> = []
        return nodes.compactMap { node in
            guard case .base(let base) = node.operation, seen.insert(base).inserted else { return nil }
            return base
        }
    }

    /// The place of the first operator that reads a relation, as faults and limits tell it.
    func place(of base: QueryBase) -> QueryParser.Place {
        let node = nodes.first { if case .base(base) = $0.operation { true } else { false } }
        return node?.place ?? []
    }

    /// What is said of a base relation that can't be read.
    public func fault(of base: QueryBase, _ message: String) -> QueryFault {
        QueryFault(at: place(of: base), message)
    }
}
