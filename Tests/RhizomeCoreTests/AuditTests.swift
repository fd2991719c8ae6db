import Bytes
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore

@Suite struct AuditTests {
    /// The entries that a log would have of these.
    static func entries(_ batch: [AdmittedDelta]) async throws -> [LogEntry] {
        let log = InMemoryDeltaLog()
        _ = try await log.append(batch, cursors: [:])
        return try await log.entries(after: 0, maximumBytes: .max)
    }

    static func report(_ entries: [LogEntry], count: Int64? = nil) -> AuditReport {
        audit(entries).report(count: count)
    }

    static func report(_ log: InMemoryDeltaLog) async throws -> AuditReport {
        let entries = try await log.entries(after: 0, maximumBytes: .max)
        return audit(entries).report(count: Int64(entries.count), stalls: try await log.stalls())
    }

    static func audit(_ entries: [LogEntry]) -> Audit {
        var audit = Audit(expecting: Int64(entries.count))
        var hash = RunningHash.start
        for entry in entries {
            audit.add(ExaminedEntry(examining: entry, after: hash))
            hash = entry.runningHash
        }
        return audit
    }

    /// A log of two authors: 1, 3, 4, 6 are alice's, 2 and 5 bob's.
    static func log() throws -> [AdmittedDelta] {
        var maker = DeltaMaker()
        let alice = try maker.chain("alice", 4)
        let bob = try maker.chain("bob", 2)
        return [alice[0], bob[0], alice[1], alice[2], bob[1], alice[3]]
    }

    static func changed(
        _ entry: LogEntry,
        id: DeltaID? = nil,
        header: [UInt8]? = nil,
        body: [UInt8]? = nil,
        arrival: Arrival? = nil,
        hash: Bytes32? = nil
    ) -> LogEntry {
        LogEntry(
            position: entry.position,
            id: id ?? entry.id,
            header: header ?? entry.header,
            body: body ?? entry.body,
            arrival: arrival ?? entry.arrival,
            runningHash: hash ?? entry.runningHash
        )
    }

    @Test("an untouched log has no findings, and each author's deltas and times are told")
    func untouched() async throws {
        let log = try Self.log()
        let report = Self.report(try await Self.entries(log), count: 6)
        #expect(report.findings.isEmpty)
        #expect(report.count == 6)
        #expect(report.clockWentBackCount == 2)
        for author in report.authors {
            let own = log.map(\.delta).filter { $0.author == author.author }
            #expect(author.count == Int64(own.count))
            #expect(author.firstTime == own.map(\.header.timeCreated).min())
            #expect(author.lastTime == own.map(\.header.timeCreated).max())
            #expect(author.isComplete && author.forks.isEmpty && author.aheadCount == 0)
        }
        #expect(report.authors.map(\.author) == report.authors.map(\.author).sorted())
    }

    @Test("each change of one entry is found at its place, and nothing else is")
    func changes() async throws {
        let entries = try await Self.entries(try Self.log())
        func expect(_ codes: [AuditFinding.Code], _ change: (LogEntry) -> LogEntry) {
            for place in entries.indices {
                var changed = entries
                changed[place] = change(entries[place])
                let findings = Self.report(changed, count: 6).findings
                // An entry's running hash is what the next one's rests on.
                #expect(findings.filter { $0.position == Int64(place + 1) }.map(\.code) == codes)
                #expect(findings.allSatisfy { $0.position == Int64(place + 1) || $0.code == .runningHash })
            }
        }
        expect([.bodyMismatch]) { entry in
            var body = entry.body
            body[body.count - 1] ^= 1
            return Self.changed(entry, body: body)
        }
        expect([.signature]) { entry in
            var header = entry.header
            header[header.count - 1] ^= 1
            return Self.changed(entry, header: header)
        }
        expect([.undecodable]) { Self.changed($0, header: Array($0.header.dropLast())) }
        expect([.undecodable]) { Self.changed($0, header: []) }
        expect([.bodyMismatch]) { Self.changed($0, body: []) }
        expect([.runningHash, .idMismatch]) { Self.changed($0, id: DeltaID(Bytes32(repeating: 3))) }
        expect([.runningHash]) { Self.changed($0, hash: Bytes32(repeating: 3)) }
        expect([.runningHash]) { entry in
            let arrival = entry.arrival
            return Self.changed(
                entry,
                arrival: Arrival(timeReceived: arrival.timeReceived + 1, receivedFrom: nil, trustStatement: nil)
            )
        }
    }

    @Test("removed entries are gaps, and what followed them lacks its previous")
    func removed() async throws {
        let entries = try await Self.entries(try Self.log())
        for place in entries.indices {
            var rest = entries
            rest.remove(at: place)
            let findings = Self.report(rest, count: 6).findings
            #expect(findings.filter { $0.code == .positionGap }.count == 1)
            let hasNext = entries[(place + 1)...].contains { $0.header[7...39] == entries[place].header[7...39] }
            #expect(findings.contains { $0.code == .missingPrevious } == hasNext)
            #expect(!findings.contains { $0.code == .runningHash })
        }
        #expect(Self.report([], count: 6).findings.map(\.code) == [.positionGap])
        #expect(Self.report(entries, count: 5).findings.map(\.code) == [.positionGap])
    }

    @Test("swapped, repeated and inserted entries are found")
    func moved() async throws {
        let log = try Self.log()
        let entries = try await Self.entries(log)
        func moved(_ entry: LogEntry, to position: Int64) -> LogEntry {
            LogEntry(
                position: position,
                id: entry.id,
                header: entry.header,
                body: entry.body,
                arrival: entry.arrival,
                runningHash: entry.runningHash
            )
        }
        var swapped = entries
        swapped[2] = moved(entries[3], to: 3)
        swapped[3] = moved(entries[2], to: 4)
        let codes = Set(Self.report(swapped, count: 6).findings.map(\.code))
        #expect(codes == [.runningHash, .missingPrevious])

        let repeated = Self.report(entries + [moved(entries[5], to: 7)], count: 6).findings
        #expect(Set(repeated.map(\.code)) == [.runningHash, .duplicate, .positionGap])
    }

    @Test("forks, stalls and odd times are reported and are no findings")
    func reported() async throws {
        var maker = DeltaMaker()
        let first = try maker.delta("alice")
        let left = try maker.delta("alice", after: [first])
        let early = Arrival(timeReceived: 0, receivedFrom: nil, trustStatement: nil)
        let right = try maker.delta("alice", after: [first], arrival: early)
        let log = InMemoryDeltaLog()
        _ = try await log.append([first, left, right], cursors: [:])
        let author = first.delta.author
        let stall = Stall(try maker.misfit("alice", after: left), reason: .timeOrder, version: "1")
        try await log.record([stall])
        let report = try await Self.report(log)
        #expect(report.findings.isEmpty)
        let alice = try #require(report.authors.first)
        #expect(alice.forks == [Fork(author: author, sequence: 1, ids: [left, right].map(\.delta.id).sorted())])
        #expect(alice.stalls == [stall])
        #expect(alice.aheadCount == 1)
        #expect(report.clockWentBackCount == 1)
        // Ahead of the clock of the one who asks is another thing than ahead of the arrival.
        let limit = alice.lastTime - DeltaLimits.ahead
        #expect(alice.lead(over: limit - 1) == DeltaLimits.ahead + .microseconds(1))
        for now in [limit, alice.lastTime, .max] { #expect(alice.lead(over: now) == nil) }
    }

    @Test("a stall that would fit, fits nowhere for another reason or isn't signed by its author is found")
    func stalls() async throws {
        var maker = DeltaMaker()
        let chain = try maker.chain("alice", 3)
        let misfit = try maker.misfit("alice", after: chain[0])
        var forged = misfit.statement.encoded
        forged[forged.count - 1] ^= 1
        let wrong: [(header: SignedHeader, reason: Rejection)] = [
            (SignedHeader(chain[1].delta), .timeOrder), (SignedHeader(chain[2].delta), .chain), (misfit, .chain),
            (try SignedHeader(decoding: forged), .timeOrder),
        ]
        for stall in wrong {
            let log = InMemoryDeltaLog()
            _ = try await log.append([chain[0]], cursors: [:])
            try await log.record([Stall(stall.header, reason: stall.reason, version: "1")])
            #expect(try await Self.report(log).findings.map(\.code) == [.stall])
        }
    }

    @Test("an audit tells the same forks as the log")
    func forks() async throws {
        for _ in 0..<5 {
            try await withSeedAsync { generator in
                var maker = DeltaMaker()
                let log = InMemoryDeltaLog()
                for name in ["alice", "bob"] {
                    _ = try await log.append(try maker.tangle(name, 60, using: &generator), cursors: [:])
                }
                let report = try await Self.report(log)
                #expect(report.findings.isEmpty, "seed \(generator.seed)")
                for author in report.authors {
                    let forks = try await log.forks(of: author.author, limit: 100)
                    #expect(author.forks == forks, "seed \(generator.seed)")
                }
            }
        }
    }

    @Test("the forks of a log in which hundreds follow one delta, each after the one before, take a few steps a delta")
    func comb() async throws {
        var maker = DeltaMaker()
        let first = try maker.delta("alice")
        var teeth = [try maker.delta("alice", after: [first])]
        var log = [first] + teeth
        for tooth in 1..<200 {
            // So that the next one can't go on with the branch of the one before.
            log.append(try maker.delta("alice", after: [teeth[tooth - 1]]))
            teeth.append(try maker.delta("alice", after: [teeth[tooth - 1], first]))
            log.append(teeth[tooth])
        }
        let audit = Self.audit(try await Self.entries(log))
        let search = try #require(audit.forks { _ in 1_000_000 }.first)
        #expect(1_000_000 - search.steps <= 4 * log.count)
        #expect(search.forks.map(\.sequence).sorted() == Array(2...200))
        #expect(search.unsearchedCount == 0)
        // What the steps don't suffice for is told; forks whose deltas have one sequence need none.
        let brief = try #require(audit.forks { _ in 10 }.first)
        #expect(brief.forks == search.forks)
        #expect(brief.unsearchedCount == 1)
        #expect(audit.report(count: nil).authors.map(\.unsearchedForkCount) == [0])
    }

    @Test("a previous by another author, a wrong sequence and a wrong time are found")
    func chain() async throws {
        var maker = DeltaMaker()
        let alice = try maker.chain("alice", 2)
        let signer = try TestAuthors.signer("bob")
        func entry(after heads: [Head], time: Timestamp) throws -> AuditReport {
            let delta = try SignedDelta(
                pointers: [Pointer("a", .null)],
                after: heads,
                timeCreated: time,
                signer: signer
            )
            let arrival = Arrival(timeReceived: time, receivedFrom: nil, trustStatement: nil)
            let first = LogEntry(
                position: 1,
                id: alice[0].delta.id,
                header: alice[0].delta.headerBytes,
                body: alice[0].delta.bodyBytes,
                arrival: arrival,
                runningHash: RunningHash.next(
                    after: RunningHash.start,
                    position: 1,
                    id: alice[0].delta.id,
                    arrival: arrival
                )
            )
            let hash = RunningHash.next(after: first.runningHash, position: 2, id: delta.id, arrival: arrival)
            let second = LogEntry(
                position: 2,
                id: delta.id,
                header: delta.headerBytes,
                body: delta.bodyBytes,
                arrival: arrival,
                runningHash: hash
            )
            return Self.report([first, second], count: 2)
        }
        let link = DeltaLink(alice[0].delta).head
        let later = link.timeCreated + 1
        #expect(try entry(after: [link], time: later).findings.map(\.code) == [.chain])
        #expect(try entry(after: [link], time: link.timeCreated).findings.map(\.code) == [.chain, .timeOrder])
        let wrong = Head(id: link.id, sequence: 7, timeCreated: 0)
        #expect(try entry(after: [wrong], time: later).findings.map(\.code) == [.chain, .chain])
        let missing = Head(id: DeltaID(Bytes32(repeating: 1)), sequence: 0, timeCreated: 0)
        #expect(try entry(after: [missing], time: later).findings.map(\.code) == [.missingPrevious])
    }
}
