import Bytes
import RhizomeCore
import RhizomeDatabase
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

/// The boxes and values by which sessions are woken and held back.
@Suite(.timeLimit(.minutes(5))) struct BoxTests {
    private static func key(_ number: Int) -> PublicKey {
        PublicKey(Bytes32(repeating: UInt8(truncatingIfNeeded: number)))
    }
    private static func id(_ number: Int) -> DeltaID {
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        return DeltaID(Bytes32(bytes) ?? Bytes32(repeating: 0))
    }

    // MARK: - Mailbox

    @Test("what is posted is folded together, taken whole, and the box is empty again")
    func mailbox() async {
        let mailbox = Mailbox<[Int]>([])
        mailbox.post { $0.append(1) }
        mailbox.post { $0.append(2) }
        #expect(await mailbox.take() == [1, 2])
        #expect(await mailbox.take(within: .milliseconds(1)) == [])
        mailbox.post { $0.append(3) }
        #expect(await mailbox.take(within: .seconds(60)) == [3])
    }

    @Test("a reader that waits is woken by a post, by the end of the box and by its own end")
    func mailboxWakes() async throws {
        let mailbox = Mailbox<Int>(0)
        async let posted = mailbox.take()
        mailbox.post { $0 = 5 }
        #expect(await posted == 5)
        let cancelled = Task { await mailbox.take() }
        let timed = Mailbox<Int>(0)
        let alsoCancelled = Task { await timed.take(within: .seconds(60)) }
        cancelled.cancel()
        alsoCancelled.cancel()
        #expect(await cancelled.value == nil)
        #expect(await alsoCancelled.value == nil)
        async let closed = mailbox.take(within: .seconds(60))
        mailbox.close()
        #expect(await closed == nil)
        mailbox.post { $0 = 6 }
        #expect(await mailbox.take() == nil)
    }

    @Test("nothing is lost or seen twice between many who post and one who reads, with timeouts in between")
    func mailboxRace() async {
        let mailbox = Mailbox<Int>(0)
        let total = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        mailbox.post { $0 += 1 }
                        await Task.yield()
                    }
                    return 0
                }
            }
            group.addTask {
                var total = 0
                while total < 4_000, !Task.isCancelled { total += await mailbox.take(within: .microseconds(50)) ?? 0 }
                return total
            }
            return await group.reduce(0, +)
        }
        #expect(total == 4_000)
    }

    // MARK: - News

    @Test("a session's news never grows beyond its bound; what is too much is asked for instead")
    func news() {
        var news = SessionNews()
        for author in 0..<200 {
            news.add(missing: (0..<8).map { Self.id(author * 8 + $0) }, of: Self.key(author))
        }
        #expect(news.missing.count == 1_600 && news.heads.isEmpty && !news.asksForNews)
        for round in 0..<50 {
            news.add(
                heads: (0..<1_000).map { AuthorHead(author: Self.key(1), id: Self.id(10_000 + round * 1_000 + $0)) }
            )
            #expect(news.heads.count + news.missing.count <= 10_000)
        }
        #expect(news.asksForNews)
    }

    // MARK: - Wanted heads

    @Test("a head stays wanted until it is held, and a pull that brings nothing is repeated later and later")
    func wanted() {
        var wanted = WantedHeads()
        let head = AuthorHead(author: Self.key(1), id: Self.id(1))
        let other = AuthorHead(author: Self.key(2), id: Self.id(2))
        wanted.add(head)
        wanted.add(head)
        wanted.add(other)
        #expect(wanted.count == 2)
        #expect(wanted.due(now: 0, wall: 0) == [head.author: [head.id], other.author: [other.id]])
        wanted.pulled(head.author, .init(), now: 0, wall: 500)
        #expect(wanted.due(now: 9_999_999, wall: 0) == [other.author: [other.id]])
        #expect(wanted.due(now: 10_000_000, wall: 0).count == 2)
        wanted.pulled(head.author, .init(), now: 10_000_000, wall: 500)
        #expect(wanted.due(now: 29_999_999, wall: 0)[head.author] == nil)
        // Something of that author resets it.
        wanted.pulled(head.author, .init(accepted: 1), now: 30_000_000, wall: 500)
        #expect(wanted.due(now: 30_000_000, wall: 0)[head.author] == [head.id])
        wanted.remove(head)
        wanted.pulled(head.author, .init(), now: 30_000_000, wall: 500)
        wanted.add(head)
        #expect(wanted.due(now: 30_000_000, wall: 0)[head.author] == [head.id], "what was all held is no failure")
        wanted.pulled(head.author, .init(), now: 30_000_000, wall: 500)
        wanted.forgive()
        #expect(wanted.due(now: 30_000_000, wall: 0).count == 2)
    }

    @Test("a head from the future is asked for when it is due, a stalled one never, and neither holds up the others")
    func parked() {
        var wanted = WantedHeads()
        let author = Self.key(1)
        #expect(wanted.nextDue(after: 0) == nil)
        for number in 1...4 { wanted.add(AuthorHead(author: author, id: Self.id(number))) }
        let future: [DeltaID: Timestamp] = [Self.id(1): 700, Self.id(4): 900]
        wanted.pulled(author, .init(future: future, stalled: [Self.id(2)]), now: 0, wall: 500)
        wanted.pulled(author, .init(accepted: 1), now: 0, wall: 500)
        #expect(wanted.due(now: 0, wall: 500) == [author: [Self.id(3)]])
        wanted.add(AuthorHead(author: author, id: Self.id(2)))
        #expect(wanted.count == 3)
        wanted.remove(AuthorHead(author: author, id: Self.id(3)))
        // However long that takes: what the clock says decides, and it may be set right meanwhile.
        #expect(wanted.due(now: 600_000_000, wall: 699).isEmpty)
        #expect(wanted.nextDue(after: 699) == 700 && wanted.nextDue(after: 700) == 900)
        #expect(wanted.due(now: 0, wall: 700) == [author: [Self.id(1)]])
        // Only heads that wait for their time are left: that is no failure of the peer's.
        wanted.pulled(author, .init(future: [Self.id(1): 800]), now: 0, wall: 700)
        wanted.add(AuthorHead(author: author, id: Self.id(5)))
        #expect(wanted.due(now: 1, wall: 701) == [author: [Self.id(5)]])
        wanted.remove(AuthorHead(author: author, id: Self.id(1)))
        #expect(wanted.nextDue(after: 701) == 900, "what isn't wanted any more isn't waited for")
    }

    @Test("wanted heads are bounded")
    func wantedBound() {
        var wanted = WantedHeads()
        for number in 0..<30_000 { wanted.add(AuthorHead(author: Self.key(number), id: Self.id(number))) }
        #expect(wanted.count == WantedHeads.most)
        #expect(!wanted.isShort, "there is no room for more")
        for head in wanted.all { wanted.remove(head) }
        #expect(wanted.count == 0 && wanted.all.isEmpty)
        #expect(wanted.isShort, "what was left out is to be found again")
        wanted.startComparing()
        #expect(!wanted.isShort)
    }
}

extension Mailbox {
    fileprivate func take(within timeout: Duration? = nil) async -> Content? {
        await take(within: timeout, by: .system)
    }
}
