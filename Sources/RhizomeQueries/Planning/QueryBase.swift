public import Bytes

/// A relation that is read from the database (spec: query.md, `entities`, `relation`, `deltas`).
public enum QueryBase: Hashable, Sendable {
    /// One row for each visible entity.
    case entities(Entities)
    /// One row for each visible delta of a schema's relation, for each combination of its roles' targets.
    case relation(QueryExpression.Relation)
    /// One row for each visible delta about a property, for each combination of its roles' targets.
    case deltas(QueryExpression.Deltas)

    /// Which entities, and what of them.
    public struct Entities: Hashable, Sendable {
        /// The column of their ids.
        public static let id: Text = "id"

        /// The collection; all visible entities where `nil`.
        public let collection: Text?
        /// The schema whose members alone are meant.
        public let schema: Text?
        /// The columns besides `id`; every property that any of them has where `nil`.
        public let columns: [QueryExpression.Column]?
        /// The only entities that matter, by their bytes; all do where `nil`.
        public let ids: [Text]?
    }

    /// The columns that each delta has besides its roles: its id, its author's did, and when it was made, in µs.
    public static let deltaColumns: [Text] = ["_delta", "_creator", "_time"]

    /// The columns, as far as they are known before anything was read.
    func header(at place: QueryParser.Place) throws(QueryFault) -> Header {
        switch self {
        case .entities(let entities):
            let columns = [Entities.id] + (entities.columns ?? []).map(\.name)
            return try Header(columns, isOpen: entities.columns == nil, at: place)
        case .relation(let relation):
            let columns = (relation.columns ?? []).map(\.name) + Self.deltaColumns
            return try Header(columns, isOpen: relation.columns == nil, at: place)
        case .deltas(let deltas):
            return try Header(deltas.columns.map(\.name) + Self.deltaColumns, at: place)
        }
    }
}
