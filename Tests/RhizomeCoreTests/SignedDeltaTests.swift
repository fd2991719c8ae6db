import Bytes
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@Suite struct SignedDeltaTests {
    static func delta(_ pointers: [Pointer], host: PublicKey? = nil) throws -> SignedDelta {
        try SignedDelta(
            pointers: pointers,
            host: host,
            after: [],
            timeCreated: 1_735_689_600_000_000,
            signer: try TestAuthors.signer("alice")
        )
    }

    @Test("any flipped bit is refused as malformed, as another signature or as another body")
    func flippedBits() throws {
        let delta = try Self.delta([Pointer("user", entity: "u", targetContext: "name"), Pointer("name", .text("U"))])
        for index in delta.bytes.indices {
            for bit in 0..<8 {
                var bytes = delta.bytes
                bytes[index] ^= 1 << bit
                guard let changed = try? SignedDelta(decoding: bytes) else { continue }
                #expect(throws: DeltaRefusal.self) { try VerifiedDelta.verify(changed).get() }
            }
        }
    }

    @Test("every prefix of a delta is refused")
    func truncated() throws {
        let delta = try Self.delta([Pointer("a", .integer(1))])
        for count in 0..<delta.bytes.count {
            #expect(throws: DeltaRefusal.self) { try SignedDelta(decoding: Array(delta.bytes.prefix(count))) }
        }
    }

    @Test("how many pointers a delta has is told without decoding it, and right for all that can be decoded")
    func pointerCount() throws {
        let bob = try TestAuthors.signer("bob").publicKey
        for count in [1, 23, 24, 255, 256, 1_024] {
            for host in [nil, bob] {
                let delta = try Self.delta(.init(repeating: Pointer("a", .null), count: count), host: host)
                #expect(SignedDelta.pointerCount(in: delta.bytes) == count)
            }
        }
        #expect(SignedDelta.pointerCount(in: []) == 0)
        try withSeed { generator in
            let right = try Self.delta(.init(repeating: Pointer("a", entity: "b", targetContext: "c"), count: 30)).bytes
            for _ in 0..<5_000 {
                let isCut = Bool.random(using: &generator)
                var bytes = isCut ? Array(right.prefix(Int.random(in: 1...right.count, using: &generator))) : right
                for _ in 0..<Int.random(in: 0...2, using: &generator) {
                    let place = Int.random(in: bytes.indices, using: &generator)
                    bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
                let told = SignedDelta.pointerCount(in: bytes)
                #expect(told <= DeltaLimits.pointers)
                guard let delta = try? SignedDelta(decoding: bytes) else { continue }
                #expect(told == delta.body.pointers.count)
            }
        }
    }

    @Test("a second signature over one header gives the same id")
    func secondSignature() throws {
        let delta = try Self.delta([Pointer("a", .integer(1))])
        var bytes = delta.bytes
        let place = bytes.count - delta.bodyBytes.count - 10
        bytes[place] ^= 1
        #expect(try SignedDelta(decoding: bytes).id == delta.id)
    }

    @Test("a host equal to the author is written as null")
    func host() throws {
        let alice = try TestAuthors.signer("alice").publicKey
        let bob = try TestAuthors.signer("bob").publicKey
        #expect(try Self.delta([Pointer("a", .integer(1))], host: alice).body.host == nil)
        #expect(try Self.delta([Pointer("a", .integer(1))], host: bob).body.host == bob)
    }

    @Test(
        "content beyond a limit is refused before it is signed, and names the limit",
        arguments: [
            ([], Rejection.malformed, "no pointers"),
            ([Pointer("", .null)], .malformed, "empty"),
            ([Pointer(Text(String(repeating: "x", count: 1025)), .null)], .limit, "1024"),
            ([Pointer("a", entity: Text(String(repeating: "é", count: 513)), targetContext: "b")], .limit, "1024"),
            ([Pointer](repeating: Pointer("a", .null), count: 1025), .limit, "1024"),
            ([Pointer("a", .text(Text(String(repeating: "x", count: 256 * 1024))))], .limit, "262144"),
        ] as [([Pointer], Rejection, String)]
    )
    func limits(pointers: [Pointer], reason: Rejection, word: String) throws {
        do {
            _ = try Self.delta(pointers)
            Issue.record("not refused")
        } catch let refusal as DeltaRefusal {
            #expect(refusal.reason == reason)
            #expect(refusal.message.contains(word))
        }
    }

    @Test("values are the same when their bytes are")
    func values() {
        #expect(Value.number(1.0) == .integer(1))
        #expect(Value.number(-0.0) == .integer(0))
        #expect(Value.number(9_007_199_254_740_994) == .float(9_007_199_254_740_994))
        #expect(Value.number(.nan) == nil)
        #expect(Value.number(.infinity) == nil)
        #expect(Value.text("1") != .integer(1))
        #expect(Value.text("é") != .text("e\u{301}"))
    }

    @Test("a delta up to 5 minutes ahead is admitted, one later waits until it is due")
    func future() throws {
        let delta = try VerifiedDelta.verify(try Self.delta([Pointer("a", .null)])).get()
        let time = delta.delta.header.timeCreated
        func fit(now: Timestamp) -> Admission.Fit {
            let arrival = Arrival(timeReceived: now, receivedFrom: nil, trustStatement: nil)
            return Admission.fit(delta, held: [:], arrival: arrival, now: now)
        }
        guard case .admitted = fit(now: time - DeltaLimits.ahead) else {
            Issue.record("refused at the limit")
            return
        }
        guard case .future(let due) = fit(now: time - DeltaLimits.ahead - 1) else {
            Issue.record("admitted beyond the limit")
            return
        }
        #expect(due == time - DeltaLimits.ahead)
    }
}
