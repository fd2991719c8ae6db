import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase

/// What memory knows of the logs that are held (spec: admission.md).
@Suite struct HeldLogsTests {
    private static func stored(_ deltas: [SignedDelta]) -> [StoredDelta] {
        deltas.enumerated().map { place, delta in
            let arrival = Arrival(timeReceived: 0, receivedFrom: nil, trustStatement: nil)
            return StoredDelta(delta: delta, position: Int64(place + 1), arrival: arrival)
        }
    }

    private static func known(_ heads: [SignedDelta], of author: PublicKey) throws -> HeldLogs {
        let held = HeldLogs()
        held.finish(try #require(held.startReading(author)), heads.map { DeltaLink($0).head })
        return held
    }

    private static func head(_ delta: SignedDelta) -> AuthorHead { AuthorHead(author: delta.author, id: delta.id) }

    @Test("what goes on from the heads is new, a head is held, and of what is before them the store is asked")
    func chain() throws {
        let chain = try Deltas.chain(4)
        let held = try Self.known([chain[1]], of: chain[0].author)
        #expect(chain.map { held.holds($0) } == [nil, true, false, false])
        held.note(Self.stored([chain[2]]))
        #expect(chain.map { held.holds($0) } == [nil, nil, true, false])
        #expect(held.contains(Self.head(chain[2])))
        // A fork from before the heads isn't known to be new.
        #expect(held.holds(try Deltas.make("alice", 100, after: [chain[0]])) == nil)
        #expect(held.startReading(chain[0].author) == nil, "it needn't be read again")
    }

    @Test("of a log that hasn't been read nothing is known but what was appended lately")
    func unread() throws {
        let chain = try Deltas.chain(3)
        let held = HeldLogs()
        held.note(Self.stored([chain[0]]))
        #expect(chain.map { held.holds($0) } == [true, nil, nil])
        held.note(Self.stored([chain[1]]))
        #expect(held.contains(Self.head(chain[0])), "it was appended lately")
        held.forget()
        #expect(chain.map { held.holds($0) } == [nil, nil, nil])
    }

    @Test("heads that were read while something was appended are forgotten, as are those read before all was")
    func readMeanwhile() throws {
        let chain = try Deltas.chain(3)
        let author = chain[0].author
        let held = HeldLogs()
        let first = try #require(held.startReading(author))
        held.note(Self.stored([chain[1]]))
        held.finish(first, [DeltaLink(chain[0]).head])
        #expect(held.holds(chain[2]) == nil)
        let second = try #require(held.startReading(author))
        let third = try #require(held.startReading(author))
        held.finish(second, [DeltaLink(chain[0]).head])
        #expect(held.holds(chain[2]) == nil)
        held.forget()
        held.finish(third, [DeltaLink(chain[0]).head])
        #expect(held.holds(chain[2]) == nil)
    }

    @Test("a log with more heads than are remembered isn't known, whether it was so or grew so")
    func wide() throws {
        let firsts = try (0...HeldLogs.mostHeads).map { try Deltas.make("alice", Int64($0)) }
        let author = firsts[0].author
        let next = try Deltas.make("alice", 5, after: Array(firsts.prefix(8)))
        #expect(try Self.known(firsts, of: author).holds(next) == nil)
        let held = try Self.known(firsts.dropLast(), of: author)
        #expect(held.holds(next) == false)
        held.note(Self.stored([firsts[HeldLogs.mostHeads]]))
        #expect(held.holds(next) == nil)
    }

    @Test("deltas that go on from a known head ask the log nothing; what the log failed to keep is asked for again")
    func lookUps() async throws {
        let bench = try IntakeBench(trusted: ["alice"])
        let chain = try Deltas.chain(10)
        #expect(try await bench.submit(chain[0]) == .accept)
        let before = bench.log.lookUps
        for delta in chain[1..<5] { #expect(try await bench.submit(delta) == .accept) }
        #expect(try await bench.submit(chain[4]) == .duplicate)
        #expect(bench.log.lookUps == before)
        bench.log.beforeWrite { throw DeltaLogError(.disk, "the disk is full") }
        await #expect(throws: DeltaLogError.self) { try await bench.submit(chain[5]) }
        bench.log.beforeWrite(nil)
        #expect(try await bench.submit(chain[5]) == .accept)
        #expect(bench.log.lookUps > before)
    }
}
