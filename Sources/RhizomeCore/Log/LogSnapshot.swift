public import Bytes
public import SignedStatements

/// One state of a log, in which views look up what was said of entities: by whom, in which role, and when.
///
/// Names are looked up once and are numbers from then on, which mean nothing in another log. Calls block, and look at
/// no more rows than they give or count, and a few of the index; lent by ``StateReading/read(_:)`` and not to be kept.
public protocol LogSnapshot: AnyObject {
    /// How many deltas this state holds: also the last position.
    var position: Int64 { get }
    /// How many rows were looked at so far: what an answer costs. Numbers that lie side by side count as one for several.
    var rowCount: Int { get }

    // MARK: Names

    /// An entity's number; `nil` where no delta refers to it.
    func entity(_ id: Text) throws -> Int64?

    /// An author's number; `nil` where nothing is held of it.
    func author(_ key: PublicKey) throws -> Int64?

    /// The author of a number.
    func key(of author: Int64) throws -> PublicKey

    /// The number of a local or target context's name, above 0; `nil` where no delta has it.
    func context(_ name: Text) throws -> Int64?

    /// The name of a number.
    func name(ofContext number: Int64) throws -> Text

    /// The names by which pointers to entities are called or of which properties they are about, ordered by their bytes,
    /// those after `name`.
    func contexts(after name: Text?, limit: Int) throws -> [Text]

    // MARK: What was said

    /// Runs through what was said of an entity, by author and role, each with its last word.
    ///
    /// - Parameters:
    ///   - properties: the numbers of the properties that alone matter, ascending; all do where `nil`.
    ///   - isRead: whether an author's words matter; those of others aren't looked at.
    ///   - body: whether to go on after a stream.
    /// - Complexity: O(authors + streams that are given), however many words they have, and however many properties.
    func forEachStream(
        of entity: Int64,
        on properties: [Int64]?,
        by isRead: (_ author: Int64) throws -> Bool,
        _ body: (StreamEnd) throws -> Bool
    ) throws

    /// The words of a stream before one, the last first; all where `nil`.
    func words(of stream: WordStream, before word: Word?, limit: Int) throws -> [Word]

    /// The words of a stream after one, the first first; all where `nil`.
    func words(of stream: WordStream, after word: Word?, limit: Int) throws -> [Word]

    /// How many words a stream has before one, up to a position, at most `limit`.
    func count(of stream: WordStream, before word: Word?, upTo position: Int64, limit: Int64) throws -> Int64

    // MARK: Who negates what

    /// The first 8 bytes of the id of each delta that an author negates, once for each time, in no certain order.
    ///
    /// - Parameter limit: how many at most: fewer are all.
    func negatedPrefixes(by author: Int64, limit: Int) throws -> [UInt64]

    /// The words of an author that negate a delta, or one whose id begins with the same 8 bytes, before one, the last
    /// first; all where `nil`.
    func negations(of id: DeltaID, by author: Int64, before word: Word?, limit: Int) throws -> [Word]

    // MARK: Who refers to what

    /// The least author's number, above one, of who refers to anything by a local context; by any context where `nil`.
    func author(referringBy localContext: Int64?, after author: Int64) throws -> Int64?

    /// The entities to which an author refers by a local context, or by any where `nil`, ordered by their bytes, those
    /// after `entity`.
    func entities(
        referredToBy author: Int64,
        by localContext: Int64?,
        after entity: Text?,
        limit: Int
    ) throws -> [Text]

    /// Whether an author refers to an entity by a local context.
    func refers(_ author: Int64, to entity: Text, by localContext: Int64) throws -> Bool

    // MARK: Deltas

    /// A delta.
    ///
    /// - Throws: ``DeltaLogError`` `corrupt` where there is none, or it can't be decoded.
    func delta(at position: Int64) throws -> HeldDelta

    /// Runs through the deltas of a stream before a word, the last first; all where `nil`.
    ///
    /// For many deltas, of which none is kept: each takes a few µs.
    ///
    /// - Parameter body: whether to go on after a delta; asks for no other deltas by this call.
    /// - Throws: as above.
    func forEachDelta(of stream: WordStream, before word: Word?, _ body: (HeldDelta) throws -> Bool) throws

    /// Where a delta is; `nil` where it isn't held.
    func position(of id: DeltaID) throws -> Int64?

    /// Heads of a part of an author's log: see ``AuthorLogs/heads(of:upTo:within:limit:)``.
    func heads(of author: PublicKey, upTo time: Timestamp?, within tips: [DeltaID]?, limit: Int) throws -> [Head]
}
