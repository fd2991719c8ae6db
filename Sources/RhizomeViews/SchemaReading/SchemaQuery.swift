public import Bytes
internal import RhizomeCore
internal import StrictJSON

/// Which entities of a schema are asked for, and in which order (spec: schemas.md, "Queries by schema").
public struct SchemaQuery: Sendable {
    /// By what they are ordered.
    public struct Order: Hashable, Sendable {
        /// A property of the schema, or `id`.
        public let property: Text
        /// Whether the greatest comes first.
        public let isDescending: Bool

        /// An order.
        public init(by property: Text, descending isDescending: Bool = false) {
            self.property = property
            self.isDescending = isDescending
        }
    }

    /// Where a page ended.
    public struct Cursor: Hashable, Sendable {
        /// The position of the log at which the pages are made.
        public let position: Int64
        /// The last entity.
        public let id: Text

        /// A place.
        public init(position: Int64, id: Text) {
            self.position = position
            self.id = id
        }
    }

    /// Those for which it is truthy; all where `nil`.
    ///
    /// It sees `{"id", "_referencedAs", property: value}`.
    public var filter: JSONLogicRule?
    /// By what they are ordered, the most important first; then by the bytes of their ids.
    public var order: [Order]
    /// How many are shown at most; all where `nil`.
    public var limit: Int?
    /// After which one to go on.
    public var after: Cursor?

    /// A query.
    public init(
        filter: JSONLogicRule? = nil,
        order: [Order] = [],
        limit: Int? = nil,
        after: Cursor? = nil
    ) {
        self.filter = filter
        self.order = order
        self.limit = limit
        self.after = after
    }
}

/// The entities that a query found, each shown as it is asked for, all of one state of the log.
public struct SchemaQueryResult: Sendable {
    /// The ids of those that are shown, in the order that was asked for.
    public let ids: [Text]
    /// How many there are in all.
    public let total: Int
    /// The position of the log that is shown.
    public let position: Int64
    /// Where to go on; `nil` where no more follow.
    public let next: SchemaQuery.Cursor?
    private let reader: EntityReader
    private let graph: SchemaGraph

    fileprivate init(
        ids: [Text],
        total: Int,
        position: Int64,
        hasMore: Bool,
        reader: EntityReader,
        graph: SchemaGraph
    ) {
        self.ids = ids
        self.total = total
        self.position = position
        next = hasMore ? ids.last.map { SchemaQuery.Cursor(position: position, id: $0) } : nil
        self.reader = reader
        self.graph = graph
    }

    /// One of them with what it refers to.
    ///
    /// - Throws: as ``EntityReader/nested(_:in:through:levels:tellingAllMissing:)``.
    public func view(of id: Text) async throws -> NestedView? {
        try await reader.look(upTo: position) { [graph] lookup in
            try NestedReading.view(
                of: id,
                in: graph.root.collection,
                through: graph,
                levels: NestedView.mostLevels,
                tellingAllMissing: false,
                lookup
            )
        }
    }
}

extension EntityReader {
    /// The entities of a schema: visible ones, in its collection where it names one, with a value for each property that is
    /// required.
    ///
    /// - Throws: ``JSONLogicError`` where rules cost too much, and what the log throws.
    /// - Complexity: O(what the schema names of all entities of the collection, or of all where it names none). In memory
    ///   are those that are shown, twice at most.
    public func query(_ query: SchemaQuery, through graph: SchemaGraph) async throws -> SchemaQueryResult {
        var search = try await look(upTo: query.after?.position) { try SchemaSearch(query, graph.schema, $0) }
        while !search.isOver {
            let start = search
            search = try await look(upTo: search.position, holding: search.bytes) { lookup in
                var search = start
                try search.goOn(in: lookup)
                return search
            }
        }
        let found = search.found
        return SchemaQueryResult(
            ids: found.ids,
            total: search.total,
            position: search.position,
            hasMore: found.hasMore,
            reader: self,
            graph: graph
        )
    }

    @concurrent func look<Value: Sendable>(
        upTo position: Int64?,
        holding held: Int = 0,
        _ body: @escaping @Sendable (EntityLookup) throws -> Value
    ) async throws -> Value {
        try await AnswerMemory.reading(log, holding: held) { [perspective] snapshot, memory in
            try body(EntityLookup(snapshot, from: perspective, memory: memory, upTo: position))
        }
    }
}

/// A search through a schema's entities, a part in each look.
private struct SchemaSearch: Sendable {
    /// Entities that are looked up at once.
    private static let batch = 64
    /// Steps of rules for each entity.
    private static let stepsPerEntity = 500
    /// What a rule sees besides properties: the local contexts by which deltas refer to the entity.
    private static let referencedAs: Text = "_referencedAs"

    private struct Row: Sendable {
        let id: Text
        let keys: [JSONValue?]
    }

    let position: Int64
    private(set) var isOver = false
    private(set) var total = 0
    private(set) var bytes = 0
    private let query: SchemaQuery
    private let schema: SchemaDefinition
    private let needsReferences: Bool
    /// The row after which the page begins.
    private let start: Row?
    private var last: Text?
    private var rows: [Row] = []
    private var budget = JSONLogicBudget(steps: 10_000)

    init(_ query: SchemaQuery, _ schema: SchemaDefinition, _ lookup: EntityLookup) throws {
        self.query = query
        self.schema = schema
        position = lookup.position
        needsReferences = query.filter?.json.encoded.contains(Array(Self.referencedAs.utf8)) ?? false
        start = try query.after.map { after in
            var values = try lookup.values(of: after.id, in: schema.collection, by: schema)
            var budget = JSONLogicBudget()
            try values.complete(within: &budget)
            return Self.row(values, query)
        }
    }

    private static func row(_ values: SchemaValues, _ query: SchemaQuery) -> Row {
        Row(
            id: values.id,
            keys: query.order.map { order in
                guard order.property != EntityPut.idProperty else { return .text(values.id) }
                return values.schema.place(of: order.property).flatMap { values.items[$0]?.json }
            }
        )
    }

    /// The ids of the page, and whether others follow.
    var found: (ids: [Text], hasMore: Bool) {
        let sorted = rows.sorted(by: precedes)
        return (sorted.prefix(query.limit ?? .max).map(\.id), sorted.count > query.limit ?? .max)
    }

    private func precedes(_ first: Row, _ second: Row) -> Bool {
        for (index, order) in query.order.enumerated() {
            let sign = JSONValue.order(first.keys[index], second.keys[index])
            if sign != 0 { return order.isDescending ? sign > 0 : sign < 0 }
        }
        return first.id < second.id
    }

    mutating func goOn(in lookup: EntityLookup) throws {
        repeat {
            let entities = try lookup.entities(referredToBy: schema.collection, after: last, limit: Self.batch)
            for entity in entities {
                last = entity
                guard try lookup.isMember(entity, of: schema) else { continue }
                var values = try lookup.values(of: entity, in: schema.collection, by: schema)
                budget.steps += Self.stepsPerEntity
                do { try values.complete(within: &budget) } catch { throw error.of(rule: "derived") }
                if let filter = query.filter {
                    let more = needsReferences ? [(Self.referencedAs, try references(to: entity, lookup))] : []
                    guard try filter.evaluate(values.data(more: more), within: &budget).isTruthy else { continue }
                }
                total += 1
                let row = Self.row(values, query)
                if let start, !precedes(start, row) { continue }
                rows.append(row)
                let size = 100 + row.id.count + row.keys.reduce(0) { $0 + ($1?.approximateBytes ?? 0) }
                bytes += size
                try lookup.memory.add(size)
                prune()
            }
            isOver = entities.count < Self.batch
        } while !isOver && !lookup.isLongEnough
    }

    /// Lets go of rows that won't be shown; one more than are tells whether others follow.
    private mutating func prune() {
        guard let limit = query.limit, rows.count > 2 * (limit + 64) else { return }
        rows.sort(by: precedes)
        rows.removeLast(rows.count - limit - 1)
        bytes = rows.reduce(0) { $0 + 100 + $1.id.count + $1.keys.reduce(0) { $0 + ($1?.approximateBytes ?? 0) } }
    }

    private func references(to id: Text, _ lookup: EntityLookup) throws -> JSONLogicValue {
        var names: Set<Text> = []
        _ = try lookup.forEachDelta(about: id) { delta, isShown in
            guard isShown, try !lookup.isNegated(delta) else { return }
            for pointer in delta.pointers where pointer.entity?.id == id { names.insert(pointer.localContext) }
        }
        return .array(JSONLogicArray(names.sorted().map { .text($0) }))
    }
}
