import Bytes
import SignedLog
import Testing

@testable import RhizomePeering

@Suite struct OwedPushesTests {
    private static let second: Int64 = 1_000_000
    private static let authors = (0..<2_000).map { number in
        var bytes = [UInt8](repeating: 7, count: 32)
        (bytes[0], bytes[1]) = (UInt8(number >> 8), UInt8(number & 255))
        return PublicKey(Bytes32(bytes) ?? Bytes32(repeating: 0))
    }
    private static var alice: PublicKey { authors[0] }
    private static var bob: PublicKey { authors[1] }

    /// One on a connection that came up at 0, whose logs have all been looked at after a second.
    private func settled() -> OwedPushes {
        var owed = OwedPushes()
        owed.connected(now: 0)
        #expect(owed.dueLogs(now: Self.second - 1) == nil)
        #expect(owed.dueLogs(now: Self.second) == .all)
        owed.finished(.all, now: Self.second)
        return owed
    }

    @Test("all logs are looked at a second after connecting and once a minute, those that grew at once")
    func times() {
        var owed = settled()
        #expect(owed.due == 61 * Self.second)
        owed.grew([Self.alice])
        #expect(owed.dueLogs(now: 2 * Self.second) == .only([Self.alice]))
        owed.pushed(Self.alice, .done, now: 2 * Self.second)
        owed.finished(.only([Self.alice]), now: 2 * Self.second)
        #expect(owed.due == 61 * Self.second)
        #expect(owed.dueLogs(now: 61 * Self.second) == .all)
    }

    @Test("what is skipped while the peer asks us itself is due when that ends, after a lost connection a second later")
    func asking() {
        var owed = OwedPushes()
        owed.connected(now: 0)
        owed.isAsked(until: 30 * Self.second)
        #expect(owed.due == 30 * Self.second)
        #expect(owed.dueLogs(now: 30 * Self.second) == .all)

        owed = settled()
        owed.grew([Self.alice])
        owed.isAsked(until: 40 * Self.second)
        owed.grew([Self.bob])
        #expect(owed.dueLogs(now: 39 * Self.second) == nil)
        #expect(owed.dueLogs(now: 40 * Self.second) == .only([Self.alice, Self.bob]))
        owed.askingStopped(now: 10 * Self.second)
        #expect(owed.due == 11 * Self.second)
        owed.isAsked(until: 41 * Self.second)
        #expect(owed.due == 41 * Self.second, "it came back")
    }

    @Test("what failed is tried again after 10 s, what the peer put off after 10 s, doubling, and neither is forgotten")
    func failures() {
        var owed = settled()
        owed.grew([Self.alice, Self.bob])
        owed.failed(now: 2 * Self.second)
        #expect(owed.due == 12 * Self.second)
        #expect(owed.dueLogs(now: 12 * Self.second) == .only([Self.alice, Self.bob]))
        var now = 12 * Self.second
        owed.pushed(Self.bob, .done, now: now)
        for wait in [10, 20] as [Int64] {
            owed.pushed(Self.alice, .putOff(tookSome: false), now: now)
            owed.grew([Self.alice])
            #expect(owed.due == now + wait * Self.second)
            now = owed.due
            #expect(owed.dueLogs(now: now) == .only([Self.alice]))
        }
        owed.pushed(Self.alice, .putOff(tookSome: true), now: now)
        #expect(owed.due == now + 10 * Self.second, "it went on")
        owed.pushed(Self.alice, .done, now: now)
        owed.grew([Self.alice])
        #expect(owed.due <= now)
    }

    @Test("among all logs those that have to wait stay owed until their time")
    func waitingAmongAll() {
        var owed = settled()
        owed.grew([Self.alice])
        owed.pushed(Self.alice, .putOff(tookSome: false), now: 60 * Self.second)
        let now = 61 * Self.second
        #expect(owed.dueLogs(now: now) == .all)
        let taken = [Self.alice, Self.bob].filter { owed.takes($0, now: now) }
        #expect(taken == [Self.bob])
        owed.finished(.all, now: now)
        #expect(owed.due == 70 * Self.second)
    }

    @Test("an author that isn't taken is offered again after the next hello, and not before, whatever grows")
    func unwanted() {
        var owed = settled()
        owed.pushed(Self.alice, .unwanted, now: Self.second)
        owed.grew([Self.alice])
        #expect(owed.due == 61 * Self.second)
        let isTaken = owed.takes(Self.alice, now: 61 * Self.second)
        #expect(!isTaken)
        owed.greeted()
        #expect(owed.dueLogs(now: 2 * Self.second) == .only([Self.alice]))
        let isTakenAgain = owed.takes(Self.alice, now: 2 * Self.second)
        #expect(isTakenAgain)
    }

    @Test("where more logs grew than are told apart, all are looked at")
    func bound() {
        var owed = settled()
        owed.grew(Set(Self.authors.prefix(1_000)))
        #expect(owed.dueLogs(now: 2 * Self.second) == .only(Set(Self.authors.prefix(1_000))))
        owed.grew([Self.authors[1_500]])
        #expect(owed.dueLogs(now: 2 * Self.second) == .all)
        owed.finished(.all, now: 2 * Self.second)
        #expect(owed.due == 62 * Self.second)
        for author in Self.authors { owed.pushed(author, .putOff(tookSome: false), now: 2 * Self.second) }
        guard case .only(let logs)? = owed.dueLogs(now: 12 * Self.second) else {
            Issue.record("those that are owed are due")
            return
        }
        #expect(logs.count == 1_000)
    }
}
