internal import Bytes
public import SignedStatements

/// An audit of a log: a fold over its entries by position (spec: cli.md, `audit`; house.md, "The store").
///
/// It believes nothing that is stored beside the signed bytes. An entry's own bytes are checked beforehand, on all
/// cores, by ``ExaminedEntry``; here it is held against those before it. One wrong entry gives the findings that it
/// deserves and spoils nothing after it.
///
///     var audit = Audit(expecting: count)
///     var hash = RunningHash.start
///     for entry in entries {
///         audit.add(ExaminedEntry(examining: entry, after: hash))
///         hash = entry.runningHash
///     }
///     let report = audit.report(count: count, stalls: stalls)
///
/// Keeps about 90 bytes a delta.
public struct Audit: Sendable {
    /// How many findings a report lists.
    public static let findingLimit = 10_000

    /// One author's log so far.
    private struct Log {
        let author: PublicKey
        var count: Int64 = 0
        var firstTime = Timestamp.max
        var lastTime = Timestamp.min
        var aheadCount: Int64 = 0
        var unlistedCount: Int64 = 0
        var firstFinding: AuditFinding?
        var firsts: [UInt32] = []
    }

    /// What is known of a delta; an index into the arrays below.
    private struct Known {
        static let none = UInt32.max
        let log: UInt32
        let branch: UInt32
        let sequence: Int64
        let timeCreated: Timestamp
        var place: BranchGraph.Place { BranchGraph.Place(branch: Int64(branch), sequence: sequence) }
    }

    private var index: DeltaIndex
    private var known: [Known] = []
    /// One child each; those of deltas with more are in `moreChildren`.
    private var child: [UInt32] = []
    private var moreChildren: [UInt32: [UInt32]] = [:]
    private var branches = BranchGraph()

    private var logs: [Log] = []
    private var logNumbers: [PublicKey: UInt32] = [:]
    private var findings: [AuditFinding] = []
    private var findingCount: Int64 = 0
    private var count: Int64 = 0
    private var clockWentBackCount: Int64 = 0
    private var lastPosition: Int64 = 0
    private var lastReceived = Timestamp.min

    /// Starts with nothing, and room for so many entries.
    public init(expecting count: Int64 = 0) {
        let count = Int(max(0, min(count, 100_000_000)))
        index = DeltaIndex(capacity: count)
        known.reserveCapacity(count)
        child.reserveCapacity(count)
    }

    /// Takes the next entry by position.
    ///
    /// - Parameter isListed: whether an author's delta that came so could be let in by the trusted-peer list of then.
    public mutating func add(
        _ entry: ExaminedEntry,
        isListed: (PublicKey, Arrival) -> Bool = { _, _ in true }
    ) {
        count += 1
        checkPlace(entry)
        for finding in entry.findings { record(finding) }
        if let link = entry.link {
            checkLink(link, entry)
            if !isListed(link.author, entry.arrival), let number = logNumbers[link.author] {
                logs[Int(number)].unlistedCount += 1
            }
        }
        // So that what follows a delta whose header was changed isn't told to follow nothing.
        if entry.link?.id != entry.filedID, index[entry.filedID] == nil { index.add(entry.filedID, at: Known.none) }
    }

    /// The report once all entries have been taken.
    ///
    /// - Parameters:
    ///   - count: how many entries the log says that it has.
    ///   - stalls: what the log noted as fitting nowhere.
    public func report(count expected: Int64?, stalls: [Stall] = []) -> AuditReport {
        var audit = self
        if let expected, expected > audit.lastPosition {
            audit.record(
                AuditFinding(
                    .positionGap,
                    position: audit.lastPosition + 1,
                    "the log has \(expected) entries, but the last one found is at \(audit.lastPosition)"
                )
            )
        } else if let expected, expected < audit.lastPosition {
            audit.record(
                AuditFinding(
                    .positionGap,
                    position: expected + 1,
                    "the log has \(expected) entries, but more were found, up to \(audit.lastPosition)"
                )
            )
        }
        for stall in stalls { audit.check(stall) }
        let stallsByAuthor = Dictionary(grouping: stalls, by: \.author)
        let forks = audit.forks()
        let authors = audit.logs.indices.map { number in
            let log = audit.logs[number]
            return AuthorAudit(
                author: log.author,
                count: log.count,
                firstTime: log.firstTime,
                lastTime: log.lastTime,
                firstFinding: log.firstFinding,
                forks: forks[number].forks.sorted(),
                unsearchedForkCount: forks[number].unsearchedCount,
                stalls: stallsByAuthor[log.author] ?? [],
                unlistedCount: log.unlistedCount,
                aheadCount: log.aheadCount
            )
        }
        return AuditReport(
            count: audit.count,
            findings: audit.findings,
            findingCount: audit.findingCount,
            authors: authors.sorted { $0.author < $1.author },
            clockWentBackCount: audit.clockWentBackCount
        )
    }

    /// Adds what was found by other means: in the database, or its indexes.
    public mutating func add(_ findings: [AuditFinding]) {
        for finding in findings { record(finding) }
    }

    private mutating func record(_ finding: AuditFinding) {
        findingCount += 1
        if findings.count < Self.findingLimit { findings.append(finding) }
        guard let author = finding.author, let number = logNumbers[author] else { return }
        if logs[Int(number)].firstFinding == nil { logs[Int(number)].firstFinding = finding }
    }

    // MARK: - The order of acceptance

    /// Checks the position against what is stored right before, as the running hash was, so that one wrong entry doesn't
    /// make all that follow look wrong.
    private mutating func checkPlace(_ entry: ExaminedEntry) {
        defer {
            lastPosition = entry.position
            lastReceived = entry.arrival.timeReceived
        }
        if entry.arrival.timeReceived < lastReceived { clockWentBackCount += 1 }
        guard entry.position == lastPosition + 1 else {
            let missing = entry.position - lastPosition - 1
            let message =
                missing > 0
                ? "\(missing) entries after position \(lastPosition) are missing"
                : "position \(entry.position) comes after \(lastPosition)"
            record(AuditFinding(.positionGap, position: entry.position, message))
            return
        }
        guard !entry.isChained else { return }
        record(
            AuditFinding(
                .runningHash,
                position: entry.position,
                author: entry.link?.author,
                "the running hash isn't that of this entry after the one before: one of them was changed or moved"
            )
        )
    }

    // MARK: - The authors' logs

    private mutating func checkLink(_ link: ExaminedEntry.Link, _ entry: ExaminedEntry) {
        func finding(_ code: AuditFinding.Code, _ message: String) -> AuditFinding {
            AuditFinding(code, position: entry.position, author: link.author, message)
        }
        let number = log(of: link.author, at: entry.position)
        // Only now is there a log that can be told broken.
        if let first = entry.findings.first, logs[Int(number)].firstFinding == nil {
            logs[Int(number)].firstFinding = first
        }
        if let earlier = index[link.id], earlier != Known.none {
            record(finding(.duplicate, "\(link.id) is held already"))
            return
        }
        var previous: [UInt32] = []
        var isWhole = true
        var greatest: Int64 = -1
        for id in link.previous {
            guard let found = index[id] else {
                record(finding(.missingPrevious, "\(id), which \(link.id) follows, isn't held before it"))
                isWhole = false
                continue
            }
            // A header that can't be read: told already.
            guard found != Known.none else {
                isWhole = false
                continue
            }
            let before = known[Int(found)]
            previous.append(found)
            greatest = max(greatest, before.sequence)
            if before.log != number { record(finding(.chain, "\(link.id) follows a delta by another author")) }
            if before.timeCreated >= link.timeCreated {
                record(finding(.timeOrder, "\(link.id) isn't later than a delta before it"))
            }
        }
        if isWhole, link.sequence != greatest + 1 {
            record(finding(.chain, "\(link.id) has sequence \(link.sequence), where \(greatest + 1) would follow"))
        }
        enter(link, previous, log: number)
        logs[Int(number)].count += 1
        logs[Int(number)].firstTime = min(logs[Int(number)].firstTime, link.timeCreated)
        logs[Int(number)].lastTime = max(logs[Int(number)].lastTime, link.timeCreated)
        // Times of deltas are below 2^53, so that this doesn't overflow; what came when may be anything by now.
        if link.timeCreated - DeltaLimits.ahead > entry.arrival.timeReceived {
            logs[Int(number)].aheadCount += 1
        }
    }

    private mutating func log(of author: PublicKey, at position: Int64) -> UInt32 {
        if let number = logNumbers[author] { return number }
        let number = UInt32(logs.count)
        logs.append(Log(author: author))
        logNumbers[author] = number
        if !author.isAcceptable {
            record(
                AuditFinding(
                    .unacceptableAuthor,
                    position: position,
                    author: author,
                    "the author's key can't be an identity"
                )
            )
        }
        return number
    }

    private mutating func enter(_ link: ExaminedEntry.Link, _ previous: [UInt32], log: UInt32) {
        let number = UInt32(known.count)
        let parents = previous.filter { known[Int($0)].log == log }
        let place = branches.place(link.sequence, after: parents.map { known[Int($0)].place })
        index.add(link.id, at: number)
        known.append(
            Known(
                log: log,
                branch: UInt32(place.branch),
                sequence: link.sequence,
                timeCreated: link.timeCreated
            )
        )
        child.append(Known.none)
        if link.previous.isEmpty { logs[Int(log)].firsts.append(number) }
        for parent in parents {
            if child[Int(parent)] == Known.none {
                child[Int(parent)] = number
            } else {
                moreChildren[parent, default: []].append(number)
            }
        }
    }

    /// Judges a stall again, by the entries' own headers.
    private mutating func check(_ stall: Stall) {
        var held: [DeltaID: DeltaLink] = [:]
        for id in stall.signed.header.previous {
            guard let number = index[id] else { continue }
            // A header that can't be read: told already.
            guard number != Known.none else { return }
            let before = known[Int(number)]
            held[id] = DeltaLink(
                author: logs[Int(before.log)].author,
                head: Head(id: id, sequence: before.sequence, timeCreated: before.timeCreated)
            )
        }
        func find(_ message: String) { record(AuditFinding(.stall, author: stall.author, message)) }
        if !stall.isProven(held: held) {
            find("\(stall.id) is noted to fit nowhere (\(stall.reason.rawValue)), which isn't so")
        } else if !stall.signed.statement.isValid {
            find("\(stall.id) is noted to fit nowhere, but the signature isn't its author's")
        }
    }

    // MARK: - Forks

    /// What was found of one log's forks.
    struct ForkSearch: Sendable {
        var forks: Set<Fork> = []
        /// How many deltas there are whose followers weren't held against each other.
        var unsearchedCount: Int64 = 0
        /// How many steps are left.
        var steps: Int64
    }

    /// How many steps the search for the forks of a log with so many deltas may take.
    ///
    /// Honest logs take a few for each delta at which they fork. A key that links its deltas to and fro could make the
    /// search take a step for each pair of them.
    static func forkSteps(_ count: Int64) -> Int64 { 100_000 + 32 * count }

    /// The forks of each log, by its number, as far as the steps suffice.
    func forks(steps: (_ count: Int64) -> Int64 = Audit.forkSteps) -> [ForkSearch] {
        var searches = logs.map { ForkSearch(steps: steps($0.count)) }
        for number in logs.indices { search(logs[number].firsts, in: number, &searches[number]) }
        // In order, so that it doesn't depend on chance for which of them the steps suffice.
        for parent in moreChildren.keys.sorted() {
            let number = Int(known[Int(parent)].log)
            search([child[Int(parent)]] + (moreChildren[parent] ?? []), in: number, &searches[number])
        }
        return searches
    }

    private func search(_ siblings: [UInt32], in log: Int, _ search: inout ForkSearch) {
        do {
            let parting = try Forks.parting(
                siblings.map { (node: $0, branch: Int64(known[Int($0)].branch), sequence: known[Int($0)].sequence) }
            ) { sibling, least in
                try branches.reach(of: known[Int(sibling)].place, downTo: least, steps: &search.steps)
            }
            guard let sequence = parting.map({ known[Int($0)].sequence }).min() else { return }
            let ids = parting.map { index.id(at: $0) }
            search.forks.insert(Fork(author: logs[log].author, sequence: sequence, ids: ids))
        } catch {
            search.unsearchedCount += 1
        }
    }
}
