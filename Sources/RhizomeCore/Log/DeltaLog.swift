public import Bytes
public import SignedStatements

/// What holds the deltas: one author's log beside the other, in the order in which they were accepted.
///
/// The set of deltas held is closed: none without all its previous. A log decides nothing; it appends what admission
/// has admitted, durably and in one piece, and gives each delta the next position: dense, from 1, never used twice.
/// Cursors, stream ids and the audit's gaps rest on that. Every implementation passes the suite in RhizomeTesting.
///
/// One writer at a time calls ``write(_:)``; all else may be called at the same time from anywhere.
public protocol DeltaLog: Sendable {
    /// Names this log, 16 random bytes made with it: a position means nothing in another one.
    var epoch: [UInt8] { get }

    // MARK: Writing

    /// Decides what to append, and appends it, in one durable transaction.
    ///
    /// - Parameter body: runs off Swift's pool and blocks there; the transaction is lent to it.
    /// - Throws: what the body throws, and ``DeltaLogError``; nothing of what was appended is held then.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (_ transaction: any LogTransaction) throws -> Value
    ) async throws -> Value

    /// Notes that verified deltas fit nowhere, by this version of the software; each once per id and version.
    ///
    /// The last ``Stall/most`` are kept: what is older is forgotten, and would be looked at again.
    func record(_ stalls: [Stall]) async throws

    // MARK: Single deltas

    /// Which of these are held.
    func contains(_ ids: [DeltaID]) async throws -> Set<DeltaID>

    /// The links to those of these deltas that are held.
    func links(of ids: [DeltaID]) async throws -> [DeltaID: DeltaLink]

    /// The deltas with these ids, as far as they are held, in no certain order.
    func deltas(_ ids: [DeltaID]) async throws -> [StoredDelta]

    // MARK: In order of acceptance

    /// How many deltas are held: also the last position.
    func count() async throws -> Int64

    /// Deltas by position, those after `position`.
    func deltas(after position: Int64, limit: Int) async throws -> [StoredDelta]

    /// Entries by position as they lie in the log, undecoded, for the audit: at least one where there are any, and as
    /// many more as weigh no more than `maximumBytes` together.
    func entries(after position: Int64, maximumBytes: Int) async throws -> [LogEntry]

    /// A named cursor's position; 0 where it was never set.
    func cursor(_ name: String) async throws -> Int64

    // MARK: Entities

    /// Reads one state of the log, as of when the call was made or later.
    ///
    /// - Parameter body: runs off Swift's pool and blocks there; the state is lent to it.
    /// - Throws: what the body throws, `CancellationError`, and ``DeltaLogError``.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (_ snapshot: any LogSnapshot) throws -> Value
    ) async throws -> Value

    // MARK: Authors' logs

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

    /// The deltas that fit nowhere, by this version of the software.
    func stalls() async throws -> [Stall]

    /// Which of these were noted to fit nowhere, by this version of the software, and don't fit by what is held now.
    func stalled(_ ids: [DeltaID]) async throws -> Set<DeltaID>
}

/// One head of one author.
public struct AuthorHead: Hashable, Sendable {
    /// Whose log.
    public let author: PublicKey
    /// The end of one of its branches.
    public let id: DeltaID

    /// A head.
    public init(author: PublicKey, id: DeltaID) {
        self.author = author
        self.id = id
    }
}

/// How far the changes of a log have been told.
public struct ChangeCursor: Hashable, Sendable {
    /// Before all changes.
    public static let start = Self(position: 0)

    /// What changed last at this position or before it has been told of.
    public let position: Int64
    /// Of the author whose last change lies at the position only the heads up to this one; `nil`: all of them.
    public let head: DeltaID?

    /// A place among the changes.
    public init(position: Int64, head: DeltaID? = nil) {
        self.position = position
        self.head = head
    }
}

/// A page of what changed.
public struct Changes: Sendable {
    /// Of an author with more heads than this only those are told that are new: no honest log has as many.
    public static let headsToldWhole = 256

    /// Heads of the authors whose logs changed.
    public let heads: [AuthorHead]
    /// Where to go on from.
    public let cursor: ChangeCursor
    /// Whether there are more.
    public let hasMore: Bool

    /// The first `limit` of these heads, each with its place: for most authors that of their last change.
    ///
    /// - Parameters:
    ///   - sorted: what comes after `cursor`, in order; one more than `limit` tells that there are more.
    ///   - cursor: where the page begins.
    public init(
        _ sorted: some Collection<(position: Int64, head: AuthorHead)>,
        after cursor: ChangeCursor,
        limit: Int
    ) {
        let page = sorted.prefix(limit)
        heads = page.map(\.head)
        let next = sorted.dropFirst(limit).first
        hasMore = next != nil
        if let last = page.map({ $0 }).last {
            let isParted = next?.position == last.position
            self.cursor = ChangeCursor(position: last.position, head: isParted ? last.head.id : nil)
        } else {
            self.cursor = hasMore ? cursor : ChangeCursor(position: cursor.position)
        }
    }
}

/// What a peer asks of one author's log (spec: peering.md, `pull`).
public struct PullRequest: Sendable {
    /// Whose log.
    public let author: PublicKey
    /// The heads that are to be reached.
    public let want: [DeltaID]
    /// Ids of that log which the asking side holds; unknown ones count for nothing.
    public let have: [DeltaID]
    /// The (sequence, id) after which to go on.
    public let after: (sequence: Int64, id: DeltaID)?
    /// How many bytes of signed deltas the page may have; one delta is given whatever its size.
    public let maximumBytes: Int

    /// A request for a page.
    public init(
        author: PublicKey,
        want: [DeltaID],
        have: [DeltaID],
        after: (sequence: Int64, id: DeltaID)?,
        maximumBytes: Int
    ) {
        self.author = author
        self.want = want
        self.have = have
        self.after = after
        self.maximumBytes = maximumBytes
    }
}

/// A page of an author's log in order of (sequence, id).
public struct PullPage: Sendable {
    /// Whole signed deltas.
    public let deltas: [[UInt8]]
    /// The (sequence, id) of the last of them: where the next page goes on.
    public let last: (sequence: Int64, id: DeltaID)?
    /// Whether there are more.
    public let hasMore: Bool

    /// A page.
    public init(deltas: [[UInt8]], last: (sequence: Int64, id: DeltaID)?, hasMore: Bool) {
        self.deltas = deltas
        self.last = last
        self.hasMore = hasMore
    }
}

/// What is held of one author.
public struct AuthorSummary: Hashable, Sendable {
    /// Whose log.
    public let author: PublicKey
    /// How many deltas are held.
    public let count: Int64
    /// The position of the last one that was accepted.
    public let lastPosition: Int64

    /// A summary.
    public init(author: PublicKey, count: Int64, lastPosition: Int64) {
        self.author = author
        self.count = count
        self.lastPosition = lastPosition
    }
}

/// A verified delta that was rejected as `chain` or `timeOrder`: it, and heads known to reach it, aren't wanted again
/// (spec: admission.md, "What counts against whom").
public struct Stall: Hashable, Sendable {
    /// How many a log keeps.
    public static let most = 10_000

    /// The delta's signed header, at most 0.5 KiB: the proof, by which anybody can judge again.
    public let signed: SignedHeader
    /// Why it fits nowhere.
    public let reason: Rejection
    /// By which version of the software: another one looks again.
    public let version: String

    /// Who signed it.
    public var author: PublicKey { signed.author }
    /// The delta.
    public var id: DeltaID { signed.id }

    /// A stall.
    public init(_ signed: SignedHeader, reason: Rejection, version: String) {
        self.signed = signed
        self.reason = reason
        self.version = version
    }

    /// Whether the header fits nowhere, for the reason noted, beside what is held of its previous.
    ///
    /// The signature isn't verified: the audit does that.
    public func isProven(held: [DeltaID: DeltaLink]) -> Bool { Admission.misfit(signed, held: held)?.reason == reason }
}
