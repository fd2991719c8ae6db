import Bytes
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

@Suite struct OwedPushesTests {
    /// The moment so many seconds after the start of the clock.
    private static func at(_ seconds: Int) -> Uptime { Uptime(microseconds: 0) + .seconds(seconds) }
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
        #expect(owed.dueLogs(now: Self.at(1) - 1) == nil)
        #expect(owed.dueLogs(now: Self.at(1)) == .all)
        owed.finished(.all, now: Self.at(1))
        return owed
    }

    @Test("all logs are looked at a second after connecting and once a minute, those that grew at once")
    func times() {
        var owed = settled()
        #expect(owed.due == Self.at(61))
        owed.grew([Self.alice])
        #expect(owed.dueLogs(now: Self.at(2)) == .only([Self.alice]))
        owed.pushed(Self.alice, .done, now: Self.at(2))
        owed.finished(.only([Self.alice]), now: Self.at(2))
        #expect(owed.due == Self.at(61))
        #expect(owed.dueLogs(now: Self.at(61)) == .all)
    }

    @Test("what is skipped while the peer asks us itself is due when that ends, after a lost connection a second later")
    func asking() {
        var owed = OwedPushes()
        owed.connected(now: 0)
        owed.isAsked(until: Self.at(30))
        #expect(owed.due == Self.at(30))
        #expect(owed.dueLogs(now: Self.at(30)) == .all)

        owed = settled()
        owed.grew([Self.alice])
        owed.isAsked(until: Self.at(40))
        owed.grew([Self.bob])
        #expect(owed.dueLogs(now: Self.at(39)) == nil)
        #expect(owed.dueLogs(now: Self.at(40)) == .only([Self.alice, Self.bob]))
        owed.askingStopped(now: Self.at(10))
        #expect(owed.due == Self.at(11))
        owed.isAsked(until: Self.at(41))
        #expect(owed.due == Self.at(41), "it came back")
    }

    @Test("what failed is tried again after 10 s, what the peer put off after 10 s, doubling, and neither is forgotten")
    func failures() {
        var owed = settled()
        owed.grew([Self.alice, Self.bob])
        owed.failed(now: Self.at(2))
        #expect(owed.due == Self.at(12))
        #expect(owed.dueLogs(now: Self.at(12)) == .only([Self.alice, Self.bob]))
        var now = Self.at(12)
        owed.pushed(Self.bob, .done, now: now)
        for wait in [10, 20] as [Int64] {
            owed.pushed(Self.alice, .putOff(tookSome: false), now: now)
            owed.grew([Self.alice])
            #expect(owed.due == now + .seconds(wait))
            now = owed.due
            #expect(owed.dueLogs(now: now) == .only([Self.alice]))
        }
        owed.pushed(Self.alice, .putOff(tookSome: true), now: now)
        #expect(owed.due == now + .seconds(10), "it went on")
        owed.pushed(Self.alice, .done, now: now)
        owed.grew([Self.alice])
        #expect(owed.due <= now)
    }

    @Test("among all logs those that have to wait stay owed until their time")
    func waitingAmongAll() {
        var owed = settled()
        owed.grew([Self.alice])
        owed.pushed(Self.alice, .putOff(tookSome: false), now: Self.at(60))
        let now = Self.at(61)
        #expect(owed.dueLogs(now: now) == .all)
        let taken = [Self.alice, Self.bob].filter { owed.takes($0, now: now) }
        #expect(taken == [Self.bob])
        owed.finished(.all, now: now)
        #expect(owed.due == Self.at(70))
    }

    @Test("an author that isn't taken is offered again after the next hello, and not before, whatever grows")
    func unwanted() {
        var owed = settled()
        owed.pushed(Self.alice, .unwanted, now: Self.at(1))
        owed.grew([Self.alice])
        #expect(owed.due == Self.at(61))
        let isTaken = owed.takes(Self.alice, now: Self.at(61))
        #expect(!isTaken)
        owed.greeted()
        #expect(owed.dueLogs(now: Self.at(2)) == .only([Self.alice]))
        let isTakenAgain = owed.takes(Self.alice, now: Self.at(2))
        #expect(isTakenAgain)
    }

    @Test("where more logs grew than are told apart, all are looked at")
    func bound() {
        var owed = settled()
        owed.grew(Set(Self.authors.prefix(1_000)))
        #expect(owed.dueLogs(now: Self.at(2)) == .only(Set(Self.authors.prefix(1_000))))
        owed.grew([Self.authors[1_500]])
        #expect(owed.dueLogs(now: Self.at(2)) == .all)
        owed.finished(.all, now: Self.at(2))
        #expect(owed.due == Self.at(62))
        for author in Self.authors { owed.pushed(author, .putOff(tookSome: false), now: Self.at(2)) }
        guard case .only(let logs)? = owed.dueLogs(now: Self.at(12)) else {
            Issue.record("those that are owed are due")
            return
        }
        #expect(logs.count == 1_000)
    }
}
