public import Bytes
public import SignedStatements

/// The authors' logs in a log, each with its branches and heads: what peers compare and give each other.
public protocol AuthorLogs: Sendable {
    /// The heads of an author's log, by (sequence, id), least first; none for an author of whom nothing is held.
    func heads(of author: PublicKey) async throws -> [Head]

    /// Heads of a part of an author's log, which no delta of that part follows; in no certain order.
    ///
    /// - Parameters:
    ///   - time: only deltas with a `timeCreated` of at most this, µs since 1970; all where `nil`.
    ///   - tips: only these and all before them, as far as they are held; all where `nil`.
    ///   - limit: how many heads at most; all where there are no more.
    func heads(of author: PublicKey, upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) async throws -> [Head]

    /// The heads of all authors, ordered by (author, id), those after `last`.
    func heads(after last: AuthorHead?, limit: Int) async throws -> [AuthorHead]

    /// The heads of the authors whose logs changed, by (position of the author's last change, id), those after `cursor`.
    ///
    /// An author whose log changes between two pages is told of again, whole, in its new place. But of an author with more
    /// than ``Changes/headsToldWhole`` heads those that it had when they became so many are told together, in that place,
    /// and each later one in its own: else one write of a key that has forked wildly would have every peer told of all
    /// its heads again.
    func changes(after cursor: ChangeCursor, limit: Int) async throws -> Changes

    /// The ids by which a peer can tell what is held of an author's log: its heads, then along the first previous 1, 2,
    /// 4, 8, … steps back, and the first; at most 256 (spec: peering.md, `pull`).
    func locators(of author: PublicKey) async throws -> [DeltaID]

    /// A page of what `want` reaches and the known ones of `have` don't (spec: peering.md, `pull`).
    func pull(_ request: PullRequest) async throws -> PullPage

    /// These ids of an author's log and all before them (spec: identity.md, `keep`). Unknown ids are left out.
    func ancestry(of ids: [DeltaID], author: PublicKey) async throws -> Ancestry

    /// Every author of whom something is held, by key.
    func authors() async throws -> [AuthorSummary]

    /// Forks of an author's log, by sequence and ids: all where there are no more than `limit`.
    ///
    /// Of a log that forks so wildly that finding all would hold up others, those that were found.
    func forks(of author: PublicKey, limit: Int) async throws -> [Fork]
}
