import Bytes
import RhizomeCore
import RhizomeStore
import RhizomeTesting
import SignedStatements
import Testing

/// That a store finds the deltas of a selection as if it looked at each, which is what a log in memory does.
@Suite struct DeltaSearchTests {
    @Test("a selection is found in its order, page by page, of logs that fork and merge")
    func pages() async throws {
        try await withTemporaryFolder { folder in
            var generator = SeededGenerator(seed: 11)
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            let plain = InMemoryDeltaLog()
            var maker = DeltaMaker()
            var batch = try RandomHistory.deltas(about: ["e", "f"], isChained: true, using: &generator)
            batch += try maker.tangle("tangled", 100, using: &generator)
            batch += try maker.chain("straight", 100)
            let stored = try await log.append(batch, cursors: [:])
            _ = try await plain.append(batch, cursors: [:])
            let times = stored.map(\.delta.header.timeCreated)
            let authors = stored.reduce(into: [PublicKey]()) { authors, stored in
                if !authors.contains(stored.delta.author) { authors.append(stored.delta.author) }
            }
            let properties = Set(stored.flatMap { $0.delta.body.references.map(\.property) }).sorted()
            var found = 0
            for _ in 0..<300 {
                func maybe<Value>(_ values: [Value]) -> Value? {
                    Int.random(in: 0..<3, using: &generator) == 0 ? values.randomElement(using: &generator) : nil
                }
                var selection = DeltaSelection()
                selection.author = maybe(authors)
                selection.host = maybe(authors)
                selection.entity = maybe(["e", "f", "nothing"])
                selection.property = maybe(properties)
                selection.since = maybe(times)
                selection.until = maybe(times)
                selection.order = Bool.random(using: &generator) ? .created : .accepted
                let all = try await plain.find(selection, after: nil, limit: .max).positions
                found += all.count
                let limit = Int.random(in: 1...40, using: &generator)
                var paged: [Int64] = []
                var page = FoundDeltas(positions: [], end: nil)
                repeat {
                    page = try await log.find(selection, after: page.end, limit: limit)
                    #expect(page.positions.count <= limit)
                    paged += page.positions
                } while page.end != nil
                #expect(paged == all, "\(selection), \(limit)")
                #expect(try await log.deltas(at: paged).map(\.position) == paged)
            }
            #expect(found > 1_000)
            try log.close()
        }
    }

    @Test("a search that finds nothing looks at some deltas only, and says where to go on")
    func nothing() async throws {
        try await withTemporaryFolder { folder in
            let log = try SQLiteDeltaLog.open(folder: folder.path("data"), version: "1", now: 0)
            var maker = DeltaMaker()
            _ = try await log.append(try maker.chain("author", 2_500), cursors: [:])
            var selection = DeltaSelection()
            selection.property = "nothing"
            for order in [DeltaSelection.Order.accepted, .created] {
                selection.order = order
                let first = try await log.find(selection, after: nil, limit: 10)
                let end = try #require(first.end)
                #expect(first.positions.isEmpty && (1_000..<2_500).contains(end.position))
                #expect(try await log.find(selection, after: end, limit: 10) == FoundDeltas(positions: [], end: nil))
            }
            try log.close()
        }
    }
}
