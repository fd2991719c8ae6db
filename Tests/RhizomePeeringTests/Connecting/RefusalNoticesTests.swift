import Bytes
import RhizomeDatabase
import RhizomeTesting
import Testing

@testable import RhizomePeering

@Suite struct RefusalNoticesTests {
    private static func key(_ number: UInt8) -> RefusedKey {
        RefusedKey(transportKey: Bytes32(repeating: number), address: "127.0.0.1", count: 1, lastSeen: 0)
    }

    @Test("each key is told once, again after it was let in, and ten keys a minute at most; the others by their number")
    func bounded() {
        var log = RefusalNotices()
        #expect(log.next([Self.key(1)], now: 0).keys == [Self.key(1)])
        var again = Self.key(1)
        again.count = 2
        #expect(log.next([again], now: 1_000_000).keys.isEmpty)
        #expect(log.next([], now: 2_000_000).keys.isEmpty)
        #expect(log.next([again], now: 3_000_000).keys == [again])
        let many = (1..<200).map { Self.key($0) }
        let flooded = log.next(many, now: 4_000_000)
        #expect(flooded.keys.count == 8)
        #expect(flooded.others == 0)
        let later = log.next(many, now: 61_000_000)
        #expect(later.keys.isEmpty)
        #expect(later.others == 190)
        #expect(log.next(many + [Self.key(255)], now: 62_000_000).keys == [Self.key(255)])
        #expect(log.next(many, now: 122_000_000).others == 0)
    }
}
