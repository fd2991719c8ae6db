internal import Bytes
internal import StrictJSON

/// What is done with the relations that an operator has, apart from these.
enum QueryOperation: Sendable {
    case base(QueryBase)
    case values(columns: [Text], rows: [[JSONValue]])
    case named(Int)
    case select([RowRule])
    case project([Text])
    case rename([QueryExpression.Renaming])
    case extend([(column: Text, rule: RowRule)])
    case join(Join)
    case union
    case intersect
    case except
    case group(QueryExpression.Grouping)
    case order([QueryExpression.OrderKey])
    case limit(Int)
    /// The starts are a second relation where `start` is `nil` and there is one.
    case closure(QueryExpression.Closure, start: [JSONValue]?)

    /// How rows of two relations find each other.
    struct Join: Sendable {
        let kind: QueryExpression.Join.Kind
        /// The columns with equal values; those that both have where `nil`.
        let pairs: [QueryExpression.Join.Pair]?
        let rule: RowRule?

        /// Whether rows of both sides stand side by side in the result.
        var isWide: Bool { kind == .inner || kind == .left }

        /// The columns with equal values.
        func pairs(_ left: Header, _ right: Header) -> [QueryExpression.Join.Pair] {
            pairs
                ?? left.columns.filter { right.index(of: $0) != nil }.map { QueryExpression.Join.Pair($0, $0) }
        }

        /// The right columns that stand beside the left ones: those that aren't one with them.
        func rightColumns(_ left: Header, _ right: Header) -> [Text] {
            let shared = Set(pairs(left, right).filter { $0.left == $0.right }.map(\.right))
            return right.columns.filter { !shared.contains($0) }
        }

        /// The columns of both side by side.
        func pairHeader(_ left: Header, _ right: Header, at place: QueryParser.Place) throws(QueryFault) -> Header {
            let isOpen = left.isOpen || right.isOpen
            return try Header(left.columns + rightColumns(left, right), isOpen: isOpen, at: place)
        }
    }

    /// The columns of the result.
    ///
    /// Asked before anything is read, when some columns of what is open aren't known, and again with all.
    ///
    /// - Parameter inputs: the columns of the operator's relations.
    /// - Throws: ``QueryFault`` where the columns don't fit.
    func header(_ inputs: [Header], at place: QueryParser.Place) throws(QueryFault) -> Header {
        switch self {
        case .base(let base): return try base.header(at: place)
        case .values(let columns, _): return try Header(columns, at: place + [.member("columns")])
        case .named, .limit: return inputs[0]
        case .select(let rules):
            for rule in rules { try rule.check(inputs[0]) }
            return inputs[0]
        case .project(let columns):
            let within = place + [.item(1)]
            guard !columns.isEmpty else { throw QueryFault(at: within, "at least one column has to be left") }
            for (index, column) in columns.enumerated() {
                _ = try inputs[0].index(of: column, at: within + [.item(index)])
            }
            return try Header(columns, at: within)
        case .rename(let renamings): return try renamed(renamings, inputs[0], place)
        case .extend(let extensions):
            for (_, rule) in extensions { try rule.check(inputs[0]) }
            let columns = inputs[0].columns + extensions.map(\.column)
            return try Header(columns, isOpen: inputs[0].isOpen, at: place + [.item(1)])
        case .join(let join): return try joined(join, inputs[0], inputs[1], place)
        case .union, .intersect, .except: return try merged(inputs, place)
        case .group(let grouping): return try grouped(grouping, inputs[0], place + [.item(1)])
        case .order(let keys):
            for (index, key) in keys.enumerated() {
                _ = try inputs[0].index(of: key.column, at: place + [.item(1), .item(index), .member("by")])
            }
            return inputs[0]
        case .closure(let closure, _): return try closed(closure, inputs, place + [.item(1)])
        }
    }

    private func renamed(
        _ renamings: [QueryExpression.Renaming],
        _ input: Header,
        _ place: QueryParser.Place
    ) throws(QueryFault) -> Header {
        let within = place + [.item(1)]
        var columns = input.columns
        for renaming in renamings {
            if let index = try input.index(of: renaming.old, at: within + [.member(renaming.old)]) {
                columns[index] = renaming.new
            } else {
                // No row has a value in it, under the other name neither.
                columns.append(renaming.new)
            }
        }
        return try Header(columns, isOpen: input.isOpen, at: within)
    }

    private func joined(
        _ join: Join,
        _ left: Header,
        _ right: Header,
        _ place: QueryParser.Place
    ) throws(QueryFault) -> Header {
        let within = place + [.item(2)]
        for (index, pair) in (join.pairs ?? []).enumerated() {
            let place = within + [.member("on"), .item(index)]
            _ = try left.index(of: pair.left, at: place)
            _ = try right.index(of: pair.right, at: place)
        }
        guard join.isWide || join.rule != nil else { return left }
        let pair = try join.pairHeader(left, right, at: place)
        try join.rule?.check(pair)
        return join.isWide ? pair : left
    }

    /// Columns that are the same on all sides, those of the first in order; where a side is open, what it lacks is absent.
    private func merged(_ sides: [Header], _ place: QueryParser.Place) throws(QueryFault) -> Header {
        var columns = sides[0].columns
        var known = Set(columns)
        for side in sides.dropFirst() {
            for column in side.columns where known.insert(column).inserted { columns.append(column) }
        }
        for (index, side) in sides.enumerated() where !side.isOpen {
            if let column = columns.first(where: { side.index(of: $0) == nil }) {
                throw side.missing(column, at: place + [.item(index)])
            }
        }
        return try Header(columns, isOpen: sides.allSatisfy(\.isOpen), at: place)
    }

    private func grouped(
        _ grouping: QueryExpression.Grouping,
        _ input: Header,
        _ place: QueryParser.Place
    ) throws(QueryFault) -> Header {
        for (index, column) in grouping.columns.enumerated() {
            _ = try input.index(of: column, at: place + [.member("by"), .item(index)])
        }
        for aggregate in grouping.aggregates {
            guard let argument = aggregate.argument else {
                guard aggregate.function == .count else {
                    let place = place + [.member("with"), .member(aggregate.column)]
                    throw QueryFault(at: place, "\"\(aggregate.function.rawValue)\" is told of a column")
                }
                continue
            }
            let name = Text(aggregate.function.rawValue)
            _ = try input.index(of: argument, at: place + [.member("with"), .member(aggregate.column), .member(name)])
        }
        let columns = grouping.columns + grouping.aggregates.map(\.column)
        guard !columns.isEmpty else { throw QueryFault(at: place, "a group has at least one column") }
        return try Header(columns, at: place)
    }

    private func closed(
        _ closure: QueryExpression.Closure,
        _ inputs: [Header],
        _ place: QueryParser.Place
    ) throws(QueryFault) -> Header {
        _ = try inputs[0].index(of: closure.from, at: place + [.member("from")])
        _ = try inputs[0].index(of: closure.to, at: place + [.member("to")])
        if inputs.count > 1, inputs[1].columns.count != 1 || inputs[1].isOpen {
            throw QueryFault(at: place + [.member("start")], "where steps start is a relation with one column")
        }
        guard closure.atMost >= 1 else {
            throw QueryFault(at: place + [.member("atMost")], "at least one step is taken")
        }
        return try Header([closure.from, closure.to] + [closure.depth].compactMap(\.self), at: place)
    }
}
