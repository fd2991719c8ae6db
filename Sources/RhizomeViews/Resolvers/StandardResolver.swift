public import SignedStatements

/// The resolvers that contexts name (spec: views.md, "Lossy"); applications write others in Swift.
public enum StandardResolver: String, CaseIterable, Sendable {
    case lastWriteWins = "last-write-wins"
    case firstWriteWins = "first-write-wins"
    case min
    case max
    case sum
    case average
    case count
    case majority
    case all
    case concat
    case byRank = "by-rank"
    case byAuthor = "by-author"

    /// What is said of a name that none has.
    static let unknown =
        "there is no resolver of this name; there are: \(allCases.map(\.rawValue).joined(separator: ", "))"

    /// The resolver.
    ///
    /// - Parameter authors: who counts how much for `by-rank`, the one who counts most first.
    public func resolver(ranking authors: [PublicKey] = []) -> any Resolver {
        switch self {
        case .lastWriteWins: LastWriteWins()
        case .firstWriteWins: FirstWriteWins()
        case .min: Minimum()
        case .max: Maximum()
        case .sum: Sum()
        case .average: Average()
        case .count: NumberCount()
        case .majority: Majority()
        case .all: AllValues()
        case .concat: Concatenation()
        case .byRank: ByRank(authors: authors)
        case .byAuthor: ByAuthor()
        }
    }
}
