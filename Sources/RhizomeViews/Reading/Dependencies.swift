internal import Bytes
internal import RhizomeCore

/// What an answer depends on: a delta that points to none of it, and is none of it, changes nothing of the answer.
enum Dependency: Hashable {
    /// An entity or a transaction.
    case name(Text)
    /// A delta that could be negated, or could come.
    case delta(DeltaID)
}

/// What an answer depends on, as long as it is little enough for the answer to be kept.
struct Dependencies {
    private static let most = 2_000

    /// `nil` where they are too many.
    private(set) var all: Set<Dependency>? = []

    /// Takes in a dependency; whether it is kept from now on.
    mutating func add(_ dependency: Dependency) -> Bool {
        guard all?.insert(dependency).inserted == true else { return false }
        if let count = all?.count, count > Self.most { all = nil }
        return all != nil
    }
}
