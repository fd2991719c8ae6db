public import Bytes
internal import DeterministicCBOR
package import HomeFiles
public import SignedStatements

/// `trust.journal`: the trusted-peer list's statements, appended and never changed (spec: identity.md).
///
/// Writers take turns by `trust.lock`, readers need no lock. `data/trust.seen` is the witness against a cut tail: the id
/// of the last statement that the node applied, or 32 zero bytes where it has applied none yet.
public struct TrustJournal: Sendable {
    static let name = "trust.journal"
    static let lockName = "trust.lock"
    static let witnessName = "trust.seen"
    /// What stands on record where no statement was applied yet.
    private static let nothingSeen = Bytes32(repeating: 0)
    /// More bytes than a journal ever has: a quarter of a million statements.
    static let mostBytes = 64 << 20
    /// More bytes than one statement's payload ever has.
    static let mostPayloadBytes = 1 << 16

    /// What tells one state of the journal from another without reading it: cheap enough to ask for every second.
    public struct Version: Hashable, Sendable {
        private let file: HomeFolder.Version?

        fileprivate init(_ file: HomeFolder.Version?) { self.file = file }
    }

    /// What a load gives.
    public struct Loaded: Sendable {
        /// The list.
        public let list: TrustList
        /// Which state of the file it is of.
        public let version: Version
        /// Whether a torn last write was taken away: it had never been acknowledged.
        public let wasRepaired: Bool
    }

    private let home: Home
    /// Whose journal it is.
    public let owner: PublicKey

    /// The journal of a home, whose identity is `owner`.
    public init(home: Home, owner: PublicKey) {
        self.home = home
        self.owner = owner
    }

    /// The journal's state now, for one system call.
    public var version: Version { Version(home.folder.version(of: Self.name)) }

    /// Tells at once that the journal may have changed, as long as the watch is held; see ``FolderWatch``.
    package func watch(_ onChange: @escaping @Sendable () -> Void) -> FolderWatch? {
        FolderWatch(home.folder, onChange: onChange)
    }

    // MARK: - Reading

    /// Verifies all statements and folds them; repairs a torn last write, for which it takes the lock.
    ///
    /// - Throws: ``IdentityError`` `brokenJournal`, `newerVersion`, with the statement's number; ``FileError``.
    /// - Complexity: a verification each: 15,000 a second.
    public func load(patience: Duration = .seconds(10)) throws -> Loaded {
        let version = self.version
        let parsed = try parse()
        guard parsed.tornAt != nil else { return Loaded(list: parsed.list, version: version, wasRepaired: false) }
        // It may be a write that is under way: under the lock there is none.
        return try withLock(patience) { try loadLocked() }
    }

    /// As ``load(patience:)``, and refuses a journal without the statement that `data/trust.seen` names.
    ///
    /// For the node, which then records what it applied, and for `verify`.
    ///
    /// - Parameter isWitnessNeeded: whether a home with a store must have a witness, as it must unless the store is known
    ///   to hold nothing.
    /// - Throws: `cutJournal` as well, `missingWitness`, and `malformedFile` for a witness that has not 32 bytes.
    public func loadWitnessed(isWitnessNeeded: Bool = true, patience: Duration = .seconds(10)) throws -> Loaded {
        // The witness first: what a node records meanwhile stands in the journal already.
        let witness = Result { try self.witness() }
        let loaded = try load(patience: patience)
        try check(loaded.list, against: witness.get(), isNeeded: isWitnessNeeded)
        return loaded
    }

    /// What the witness has against a list that was loaded by ``load(patience:)``; `nil` where nothing.
    public func doubt(about list: TrustList) -> (any Error)? {
        do {
            try check(list, against: witness(), isNeeded: true)
            return nil
        } catch { return error }
    }

    private func check(_ list: TrustList, against witness: Bytes32?, isNeeded: Bool) throws {
        guard let witness else {
            guard isNeeded, try hasStore else { return }
            throw IdentityError(
                .missingWitness,
                "data/\(Self.witnessName) is missing, though a node has run here: whether trust.journal was cut, and "
                    + "somebody is trusted again by that, can't be told; restore both from a backup, or " + Self.advice
            )
        }
        guard witness != Self.nothingSeen, !list.contains(statement: witness) else { return }
        throw IdentityError(
            .cutJournal,
            "trust.journal was cut or replaced: it lacks the last statement that this node applied "
                + "(\(Hex.encode(witness.array))); restore it from a backup, or " + Self.advice
        )
    }

    private static let advice =
        "look through rhizome-keys history and, if nothing that you stated is missing there, run: "
        + "rhizome-keys verify --accept"

    /// Whether a node has made a store in this home.
    private var hasStore: Bool {
        get throws { try data?.contains(Home.storeFile) ?? false }
    }

    private var data: HomeFolder? {
        get throws {
            do throws(FileError) {
                return try home.data(creating: false)
            } catch {
                if error.code == .missing { return nil }
                throw error
            }
        }
    }

    private func loadLocked() throws -> Loaded {
        let parsed = try parse()
        if let end = parsed.tornAt { try home.folder.truncate(Self.name, to: end) }
        return Loaded(list: parsed.list, version: version, wasRepaired: parsed.tornAt != nil)
    }

    private func parse() throws -> Parsed {
        try Self.parse(
            home.folder.contents(Self.name, limit: Self.mostBytes) ?? [],
            owner: owner,
            path: home.folder.path(Self.name)
        )
    }

    /// A journal's list, and where a torn last write starts.
    struct Parsed {
        var list: TrustList
        var tornAt: Int?
    }

    /// Verifies and folds a journal's bytes; `path` is for messages.
    static func parse(_ bytes: [UInt8], owner: PublicKey, path: String = name) throws(IdentityError) -> Parsed {
        var parsed = Parsed(list: TrustList(owner: owner))
        var reader = CBORReader(bytes)
        while !reader.isAtEnd {
            let start = reader.offset
            do throws(IdentityError) {
                guard let signed = try statement(&reader, number: parsed.list.count, bytes, owner) else {
                    parsed.tornAt = start
                    return parsed
                }
                try parsed.list.apply(signed)
            } catch {
                guard error.code == .brokenJournal, let zeros = zerosOfTornWrite(bytes[start...], owner: owner) else {
                    throw error
                }
                throw IdentityError(
                    .brokenJournal,
                    "trust.journal ends in \(zeros) zero bytes where statement \(parsed.list.count) should be, as some "
                        + "file systems leave a write that a power loss cut short; cut it off by: "
                        + "truncate -s \(start) '\(path)', and see rhizome-keys list --all; without a power loss, "
                        + "restore the file from a backup",
                    statement: parsed.list.count
                )
            }
        }
        return parsed
    }

    /// The next statement; `nil` where it is a torn last write.
    private static func statement(
        _ reader: inout CBORReader,
        number: Int,
        _ bytes: [UInt8],
        _ owner: PublicKey
    ) throws(IdentityError) -> SignedStatement? {
        let start = reader.offset
        do throws(CBORError) {
            return try SignedStatement(from: &reader, purpose: TrustStatement.purpose)
        } catch {
            if error.code == .truncated, isTorn(bytes[start...], owner: owner) { return nil }
            throw IdentityError(
                .brokenJournal,
                "trust.journal was changed or damaged: statement \(number) is no signed statement of this identity "
                    + "(byte \(error.offset)); restore the file from a backup",
                statement: number
            )
        }
    }

    /// How many zeros stand at the end in place of the rest of one statement: a write of which the length got to the
    /// disk and the content didn't, or not whole; `nil` where it is anything else.
    ///
    /// It isn't repaired as a torn write is: whoever zeroes the end of a file could undo a `distrust` by it.
    private static func zerosOfTornWrite(_ tail: ArraySlice<UInt8>, owner: PublicKey) -> Int? {
        let zeros = tail.reversed().prefix { $0 == 0 }.count
        let written = tail.dropLast(zeros)
        // A signature may end in a zero or two.
        guard zeros >= 8, isTorn(written, owner: owner) else { return nil }
        // A whole statement before the zeros is wrong for another reason.
        var reader = CBORReader(Array(written))
        return (try? SignedStatement(from: &reader, purpose: TrustStatement.purpose)) == nil ? zeros : nil
    }

    /// Whether bytes that end too early are the beginning of one statement of the owner's and nothing else.
    ///
    /// A length changed in the middle of the journal would otherwise pass for a torn write, whose repair cuts off all
    /// that follows.
    private static func isTorn(_ tail: ArraySlice<UInt8>, owner: PublicKey) -> Bool {
        let head: [UInt8] = [0xd2, 0x84, 0x58, 0x26, 0xa2, 0x01, 0x27, 0x04, 0x58, 0x20] + owner.bytes.array + [0xa0]
        guard zip(tail, head).allSatisfy({ $0 == $1 }) else { return false }
        let rest = Array(tail.dropFirst(head.count))
        guard let payload = payload(rest) else { return true }
        guard payload.count <= mostPayloadBytes else { return false }
        let written = rest[payload.start..<min(payload.start + payload.count, rest.count)]
        var reader = CBORReader(Array(written))
        do {
            _ = try reader.value()
            // The payload is whole: it must end where its length says, and the signature's head follow.
            guard reader.isAtEnd, written.count == payload.count else { return false }
            return zip(rest[(payload.start + payload.count)...], [0x58, 0x40] as [UInt8]).allSatisfy { $0 == $1 }
        } catch {
            return error.code == .truncated && written.count < payload.count
        }
    }

    /// Where a byte string's content starts and how long it claims to be; `nil` where not even that is whole.
    private static func payload(_ bytes: [UInt8]) -> (start: Int, count: Int)? {
        guard let first = bytes.first else { return nil }
        let low = Int(first & 31)
        guard low >= 24 else { return (1, low) }
        // The reader has refused reserved heads before.
        let width = 1 << (low - 24)
        guard bytes.count > width else { return nil }
        let count = bytes[1...width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (1 + width, Int(clamping: count))
    }

    // MARK: - Writing

    /// Adds statements: all or, where anything is refused, none; they are on the disk when this returns.
    ///
    /// - Parameters:
    ///   - identity: the owner.
    ///   - now: the clock, µs since 1970.
    ///   - patience: how long to wait for other writers.
    ///   - changes: what to state, given the list as it is under the lock.
    /// - Throws: as ``load(patience:)`` and ``TrustList/check(_:)``; ``FileError`` `locked`, `noSpace`; what `changes`
    ///   throws.
    @discardableResult
    public func append(
        signedBy identity: Identity,
        now: Timestamp,
        patience: Duration = .seconds(30),
        _ changes: (TrustList) throws -> [TrustChange]
    ) throws -> TrustList {
        try withLock(patience) {
            var list = try loadLocked().list
            var writer = CBORWriter(capacity: 512)
            for change in try changes(list) {
                try list.apply(change, signedBy: identity, now: now).signed.write(to: &writer)
            }
            if !writer.bytes.isEmpty { try home.folder.append(Self.name, writer.bytes) }
            return list
        }
    }

    private func withLock<Result>(_ patience: Duration, _ body: () throws -> Result) throws -> Result {
        let lock = try home.folder.lock(Self.lockName, for: "rhizome", patience: patience)
        return try withExtendedLifetime(lock, body)
    }

    // MARK: - The witness

    /// The last statement that the node applied; `nil` where nothing is on record, and zeros where none was applied yet.
    ///
    /// - Throws: ``IdentityError`` `malformedFile` where the file has not 32 bytes.
    public func witness() throws -> Bytes32? {
        guard let data = try data, let bytes = try data.contents(Self.witnessName, limit: 4096) else { return nil }
        guard let id = Bytes32(bytes) else {
            throw IdentityError(
                .malformedFile,
                "\(data.path(Self.witnessName)) has not 32 bytes; restore it from a backup, or " + Self.advice
            )
        }
        return id
    }

    /// Puts on record which statement the node applied last, so that a crash leaves the old record or the new.
    ///
    /// Nothing is written where the record says so already.
    public func recordSeen(_ list: TrustList) throws {
        let head = list.head ?? Self.nothingSeen
        guard (try? witness()) != head else { return }
        try home.data(creating: true).replace(Self.witnessName, head.array)
    }
}
