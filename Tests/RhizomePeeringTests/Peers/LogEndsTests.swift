import DatabaseTesting
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomePeering

@Suite struct LogEndsTests {
    @Test("a log that goes straight on can't have forked; its first delta, a fork and a merge may come with one")
    func straight() throws {
        var ends = LogEnds()
        let chain = try Deltas.chain(3)
        let fork = try Deltas.make("alice", 100, after: [chain[1]])
        let merge = try Deltas.make("alice", 200, after: [chain[2], fork])
        let next = try Deltas.make("alice", 300, after: [merge])
        let other = try Deltas.make("bob", 1)
        let straight = (chain + [fork, merge, next, other]).map { ends.note($0) }
        #expect(straight == [false, true, true, false, false, true, false])
    }
}
