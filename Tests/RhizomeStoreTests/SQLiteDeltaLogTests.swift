import Bytes
import Dispatch
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import Testing

@Suite struct SQLiteDeltaLogTests {
    @Test("the log on SQLite keeps each rule", arguments: DeltaLogRule.all)
    func rule(_ rule: DeltaLogRule) async throws {
        try await rule.check { body in
            try await withTemporaryFolder { folder in
                let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
                try await body(log)
                try log.close()
            }
        }
    }

    @Test("readings that take long hold up neither short ones nor what runs on Swift's pool")
    func longReadings() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            let end = DispatchSemaphore(value: 0)
            let count = SQLiteDeltaLog.Options().readerCount - 1
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        try await log.read { snapshot in
                            // Longer than it may be on its caller's thread.
                            let start = DispatchTime.now()
                            while .now() < start + .milliseconds(10) {}
                            _ = try snapshot.entity("nobody")
                            return end.wait(timeout: .now() + 60) == .success
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<100 { await Task.yield() }
                    let isRead = try await log.read { $0.position == 0 }
                    for _ in 0..<count { end.signal() }
                    return isRead
                }
                for try await isDone in group { #expect(isDone) }
            }
            try log.close()
        }
    }

    @Test("names are looked up once for all readings, and not remembered of an append that failed")
    func names() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            let key = try maker.author("alice")
            let delta = try maker.delta("alice", [Pointer("user", entity: "e", targetContext: "name")])
            let orphan = try maker.delta("bob", after: [try maker.delta("bob")])
            await #expect(throws: DeltaLogError(.notClosed, "")) {
                try await log.append([delta, orphan], cursors: [:])
            }
            func look() async throws -> (numbers: [Int64?], rows: Int) {
                try await log.read { snapshot in
                    let numbers = [
                        try snapshot.author(key), try snapshot.context("user"), try snapshot.context("name"),
                    ]
                    if let author = numbers[0] { #expect(try snapshot.key(of: author) == key) }
                    if let name = numbers[2] { #expect(try snapshot.name(ofContext: name) == "name") }
                    return (numbers, snapshot.rowCount)
                }
            }
            #expect(try await look().numbers == [nil, nil, nil])
            let other = try maker.delta("bob", [Pointer("film", entity: "f", targetContext: "title")])
            _ = try await log.append([other, delta], cursors: [:])
            let first = try await look()
            #expect(!first.numbers.contains(nil) && first.rows == 3)
            let second = try await look()
            #expect(second.numbers == first.numbers && second.rows == 0)
            try log.close()
        }
    }

    @Test("what is before a delta takes ids only where the log has others beside it")
    func ancestry() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            let chain = try maker.chain("alice", 200)
            _ = try await log.append(chain, cursors: [:])
            let author = try maker.author("alice")
            for place in [0, 100, 199] {
                let ancestry = try await log.ancestry(of: [chain[place].delta.id], author: author)
                #expect(ancestry == Ancestry(below: Int64(place) + 1))
            }
            let fork = try maker.chain("alice", 5, after: [chain[149]])
            _ = try await log.append(fork, cursors: [:])
            let kept = try await log.ancestry(of: [chain[199].delta.id], author: author)
            #expect(kept == Ancestry(below: 150, and: Set(chain[150...].map(\.delta.id))))
            for (place, delta) in chain.enumerated() { #expect(kept.contains(delta.delta.id, sequence: Int64(place))) }
            for delta in fork { #expect(!kept.contains(delta.delta.id, sequence: delta.delta.header.sequence)) }
            try log.close()
        }
    }

    /// A lookup that reads all deltas with one sequence would take minutes here.
    @Test("a key that began twenty thousand histories is told of and pulled in seconds", .timeLimit(.minutes(5)))
    func manyHistories() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            let author = try maker.author("alice")
            let firsts = try (0..<20_000).map { _ in try maker.delta("alice") }
            _ = try await log.append(firsts, cursors: [:])
            let start = ContinuousClock.now
            let forks = try await log.forks(of: author, limit: 10)
            // Evidence enough, though not all of it was looked at.
            #expect(forks.map(\.author) == [author] && forks.map(\.sequence) == [0])
            #expect(forks.first?.ids.count == Fork.mostIDs)
            #expect(Set(firsts.map(\.delta.id)).isSuperset(of: forks.first?.ids ?? []))
            let told = ContinuousClock.now
            for start in stride(from: 0, to: firsts.count, by: 64) {
                let want = firsts[start..<min(start + 64, firsts.count)].map(\.delta.id)
                let request = PullRequest(author: author, want: want, have: [], after: nil, maximumBytes: 1 << 20)
                #expect(try await log.pull(request).deltas.count == want.count)
            }
            let pulled = ContinuousClock.now
            print("20,000 histories: forks told in \(told - start), all pulled in \(pulled - told)")
            #expect(told - start < .seconds(5))
            #expect(pulled - told < .seconds(120))
            try log.close()
            #expect(try await StoreAuditTests.audit(folder.path("data")).findings.isEmpty)
        }
    }
}
