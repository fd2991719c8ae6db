public import SignedStatements
public import StrictJSON

/// The value by the author who stands first in a list, null too (spec: views.md, "Lossy").
///
/// Those who aren't in the list rank last, together; within a rank the last write counts.
public struct ByRank: Resolver {
    /// An assertion with its author's place.
    public struct State: Sendable {
        /// Least for whom counts most.
        fileprivate let rank: Int
        fileprivate let assertion: Assertion
    }

    private let ranks: [PublicKey: Int]
    private let lastRank: Int

    /// A resolver for a list of authors, the one who counts most first.
    ///
    /// An author who is named twice has the better place; without authors the last write of all counts.
    public init(authors: [PublicKey]) {
        ranks = Dictionary(zip(authors, authors.indices)) { first, _ in first }
        lastRank = authors.count
    }

    /// What it looks at.
    public var basis: ResolverBasis { .lastOfEachAuthor }

    /// An author's place, least for whom counts most.
    func rank(of author: PublicKey) -> Int { ranks[author] ?? lastRank }

    /// The assertion and the rank of its author.
    public func state(of assertion: Assertion) -> State {
        State(rank: rank(of: assertion.delta.author), assertion: assertion)
    }

    /// The one of the better rank, or the later one where the ranks are equal.
    public func combine(_ first: State, _ second: State) -> State {
        guard first.rank == second.rank else { return first.rank < second.rank ? first : second }
        return first.assertion.delta.moment < second.assertion.delta.moment ? second : first
    }

    /// What the assertion takes.
    public func approximateBytes(of state: State) -> Int { state.assertion.approximateBytes }

    /// The value of the one that is left.
    public func value(of state: State) -> JSONValue? { state.assertion.value.json }
}
