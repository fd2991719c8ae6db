internal import Bytes
internal import StrictJSON

/// The columns of a relation, in the order in which they are told.
struct Header: Hashable, Sendable {
    /// Names that a row's JSON gives other things.
    private static let taken: Set<Text> = ["_because", "_becauseMore", "_absence", "_also"]

    /// The columns, each once.
    let columns: [Text]
    /// Whether there may be others, of which no row has a value: so it is where properties aren't named.
    let isOpen: Bool
    private let places: [Text: Int]

    /// Columns.
    ///
    /// - Throws: ``QueryFault`` for a name that occurs twice or that no column can have, or too many of them.
    init(_ columns: [Text], isOpen: Bool = false, at place: QueryParser.Place) throws(QueryFault) {
        guard columns.count <= QueryBounds.columns else {
            throw QueryFault(at: place, "a relation has at most \(QueryBounds.columns) columns")
        }
        var places: [Text: Int] = [:]
        for (index, column) in columns.enumerated() {
            guard (1...1_024).contains(column.count) else {
                throw QueryFault(at: place, "a column's name has 1 to 1,024 bytes")
            }
            guard !Self.taken.contains(column) else {
                throw QueryFault(at: place, "no column is called \"\(column)\": rows tell their provenance so")
            }
            guard places.updateValue(index, forKey: column) == nil else {
                throw QueryFault(at: place, "two columns would be called \"\(column.told)\": rename one of them")
            }
        }
        self.columns = columns
        self.isOpen = isOpen
        self.places = places
    }

    /// Where a column is; `nil` where it isn't told.
    func index(of column: Text) -> Int? { places[column] }

    /// Where a column is; `nil` where no row has a value in it.
    ///
    /// - Throws: ``QueryFault`` where there is no such column.
    func index(of column: Text, at place: QueryParser.Place) throws(QueryFault) -> Int? {
        if let index = places[column] { return index }
        guard isOpen else { throw missing(column, at: place) }
        return nil
    }

    /// What is said of a column that isn't there.
    func missing(_ column: Text, at place: QueryParser.Place) -> QueryFault {
        let names = columns.prefix(16).map(\.told).joined(separator: ", ") + (columns.count > 16 ? ", …" : "")
        return QueryFault(at: place, "there is no column \"\(column.told)\" here; there are: \(names)")
    }
}
