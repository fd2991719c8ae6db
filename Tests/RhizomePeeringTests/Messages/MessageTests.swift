import Bytes
import DeterministicCBOR
import RhizomeCore
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomePeering

/// What nodes say to each other, and what they make of anything else (spec: peering.md, "Requests", "Publications").
@Suite struct MessageTests {
    private static func id(_ number: Int) -> DeltaID { DeltaID(Bytes32(repeating: UInt8(truncatingIfNeeded: number))) }
    private static func key(_ number: Int) -> PublicKey {
        PublicKey(Bytes32(repeating: UInt8(truncatingIfNeeded: number)))
    }
    private static let hello = Hello(
        agent: "a/1",
        name: "alice",
        request: "127.0.0.1:1",
        publish: nil,
        topic: "rhizome",
        time: 5,
        received: 4,
        neighbours: 3,
        record: [1, 2, 3],
        seen: "192.0.2.1"
    )
    private static let heads = (0..<3).map { AuthorHead(author: key($0), id: id($0 + 100)) }

    static let requests: [any PeerMethod] = [
        hello, HeadsMethod(after: nil, limit: 10_000), HeadsMethod(after: heads[1], limit: 1),
        NewsMethod(cursor: nil, limit: 7), NewsMethod(cursor: [1, 2, 3], limit: 10_000),
        PullMethod(
            PullRequest(author: key(1), want: [id(1)], have: [id(2), id(3)], after: nil, maximumBytes: 4_194_304)
        ),
        PullMethod(
            PullRequest(
                author: key(1),
                want: (0..<64).map { id($0) },
                have: (0..<256).map { id($0) },
                after: (.max, id(9)),
                maximumBytes: 1
            )
        ),
        PushMethod([]), PushMethod([[1], [2, 3]]), PeersMethod(), AddressesMethod(wanted: []),
        AddressesMethod(wanted: (0..<256).map { .init(key: key($0), time: 7) }),
    ]

    /// A reply to each method, and the reading of one.
    static let replies: [(bytes: [UInt8], read: @Sendable ([UInt8]) throws -> Void)] = [
        reply(Hello.self, hello), reply(HeadsMethod.self, .init(heads: heads, more: true)),
        reply(NewsMethod.self, .init(heads: heads, cursor: [1, 2], more: false)),
        reply(PullMethod.self, .init(deltas: [[1], [2, 3]], more: true)), reply(PushMethod.self, results),
        reply(PeersMethod.self, peers), reply(AddressesMethod.self, [[1], [2, 3]]),
    ]

    private static let results: [PushMethod.Result] = [
        .init(id: id(1), decision: "accept", reason: nil), .init(id: nil, decision: "reject", reason: "malformed"),
    ]
    private static let peers: [PeersMethod.Peer] = [
        .init(identity: key(1), request: "127.0.0.1:1", name: "bob"), .init(identity: key(2), request: nil, name: ""),
    ]

    private static func reply<Method: PeerMethod>(
        _ method: Method.Type,
        _ reply: Method.Reply
    ) -> (bytes: [UInt8], read: @Sendable ([UInt8]) throws -> Void) {
        (Method.encode(reply: reply), { _ = try Method.decode(reply: $0) })
    }

    private static func array(_ items: CBORValue...) -> [UInt8] { CBORValue.array(items).encoded }

    private static func code(_ bytes: [UInt8]) -> PeerError.Code? {
        do {
            _ = try ServedMethods.read(bytes)
            return nil
        } catch {
            return error.code
        }
    }

    // MARK: - What is right

    @Test("every request is read as it was written", arguments: requests.indices)
    func requestRoundTrip(index: Int) throws {
        let request = Self.requests[index]
        #expect(try ServedMethods.read(request.encoded).encoded == request.encoded)
    }

    @Test("every reply is read as it was written")
    func replyRoundTrip() throws {
        #expect(try Hello.decode(reply: Hello.encode(reply: Self.hello)) == Self.hello)
        let heads = try HeadsMethod.decode(reply: HeadsMethod.encode(reply: .init(heads: Self.heads, more: true)))
        #expect(heads.heads == Self.heads && heads.more)
        let news = try NewsMethod.decode(reply: NewsMethod.encode(reply: .init(heads: [], cursor: [9], more: false)))
        #expect(news.heads.isEmpty && news.cursor == [9] && !news.more)
        let pulled = try PullMethod.decode(reply: PullMethod.encode(reply: .init(deltas: [[1], []], more: false)))
        #expect(pulled.deltas == [[1], []] && !pulled.more)
        #expect(try PushMethod.decode(reply: PushMethod.encode(reply: Self.results)) == Self.results)
        #expect(try PeersMethod.decode(reply: PeersMethod.encode(reply: Self.peers)) == Self.peers)
        let records: [[UInt8]] = [[1], [2, 3]]
        #expect(try AddressesMethod.decode(reply: AddressesMethod.encode(reply: records)) == records)
    }

    @Test("requests and replies have the items that the specification gives, in its order")
    func items() {
        func bytes(_ number: Int) -> CBORValue { .bytes([UInt8](repeating: UInt8(number), count: 32)) }
        let greeting: CBORValue = .map([
            .text("protocol"): .integer(1), .text("agent"): .text("a/1"), .text("name"): .text("alice"),
            .text("request"): .text("127.0.0.1:1"), .text("publish"): .null, .text("topic"): .text("rhizome"),
            .text("time"): .integer(5), .text("received"): .integer(4), .text("neighbours"): .integer(3),
            .text("record"): .bytes([1, 2, 3]), .text("seen"): .text("192.0.2.1"),
        ])
        let told: CBORValue = .array((0..<3).map { .array([bytes($0), bytes($0 + 100)]) })
        let pull = PullRequest(
            author: Self.key(1),
            want: [Self.id(1)],
            have: [Self.id(2), Self.id(3)],
            after: (7, Self.id(9)),
            maximumBytes: 8
        )
        let requests: [(any PeerMethod, [CBORValue])] = [
            (Self.hello, [.text("hello"), greeting]),
            (HeadsMethod(after: nil, limit: 9), [.text("heads"), .null, .integer(9)]),
            (
                HeadsMethod(after: Self.heads[1], limit: 9),
                [.text("heads"), .array([bytes(1), bytes(101)]), .integer(9)]
            ),
            (NewsMethod(cursor: nil, limit: 9), [.text("news"), .null, .integer(9)]),
            (NewsMethod(cursor: [1, 2], limit: 9), [.text("news"), .bytes([1, 2]), .integer(9)]),
            (
                PullMethod(pull),
                [
                    .text("pull"), bytes(1), .array([bytes(1)]), .array([bytes(2), bytes(3)]),
                    .array([.integer(7), bytes(9)]), .integer(8),
                ]
            ),
            (PushMethod([[1], [2, 3]]), [.text("push"), .array([.bytes([1]), .bytes([2, 3])])]),
            (PeersMethod(), [.text("peers")]),
            (
                AddressesMethod(wanted: [.init(key: Self.key(1), time: 5)]),
                [.text("addresses"), .array([.array([bytes(1), .integer(5)])])]
            ),
        ]
        for (request, items) in requests { #expect(request.encoded == CBORValue.array(items).encoded) }
        let results: [CBORValue] = [
            greeting, .array([told, .bool(true)]), .array([told, .bytes([1, 2]), .bool(false)]),
            .array([.array([.bytes([1]), .bytes([2, 3])]), .bool(true)]),
            .array([
                .array([bytes(1), .text("accept"), .null]), .array([.null, .text("reject"), .text("malformed")]),
            ]),
            .array([
                .array([bytes(1), .text("127.0.0.1:1"), .text("bob")]), .array([bytes(2), .null, .text("")]),
            ]),
            .array([.array([.bytes([1]), .bytes([2, 3])])]),
        ]
        #expect(Self.replies.map(\.bytes) == results.map { Self.array(.text("ok"), $0) })
        #expect(
            PeerReply.error(PeerError(.busy, "later")) == Self.array(.text("error"), .text("busy"), .text("later"))
        )
    }

    @Test("a reply to one method is none to another")
    func otherMethods() {
        for (place, (bytes, _)) in Self.replies.enumerated() {
            for (other, (_, read)) in Self.replies.enumerated() where other != place {
                #expect(throws: PeerError(.badReply, "")) { try read(bytes) }
            }
        }
    }

    @Test("both kinds of publication are read as they were written, and no third one")
    func publications() throws {
        for number in [nil, 0, 1, .max] as [Int64?] {
            let deltas = try Publication(decoding: Publication(.deltas([[1], [2, 2]]), number: number).encoded)
            let heads = try Publication(decoding: Publication(.heads(Self.heads), number: number).encoded)
            guard case .deltas([[1], [2, 2]]) = deltas.content, case .heads(Self.heads) = heads.content else {
                Issue.record("not as written")
                return
            }
            #expect(deltas.number == number && heads.number == number)
        }
        for bytes in [
            Self.array(.text("peers"), .array([])), Self.array(.text("deltas")), Self.array(.text("heads"), .null),
            Self.array(.text("deltas"), .array([]), .integer(-1)), Self.array(.text("deltas"), .array([]), .text("1")),
            Self.array(.text("deltas"), .array([]), .integer(1), .integer(2)),
            Publication(.heads(Self.heads), number: nil).encoded + [0], [0x80], [],
        ] {
            #expect(throws: CBORError.self) { try Publication(decoding: bytes) }
        }
    }

    @Test("extra trailing parameters are ignored, as long as they are CBOR", arguments: requests.indices)
    func trailingParameters(index: Int) throws {
        let request = Self.requests[index]
        var longer = request.encoded
        longer[0] += 2
        let extra = CBORValue.map([.text("a"): .array([.null, .float(0.5), .bytes([1])])]).encoded + [0x01]
        #expect(try ServedMethods.read(longer + extra).encoded == request.encoded)
        #expect(Self.code(longer + extra + [0]) == .malformed)
        #expect(Self.code(longer + extra.dropLast()) == .malformed)
        // Too deep, unsorted, a tag.
        for junk: [UInt8] in [[UInt8](repeating: 0x81, count: 20) + [0, 0], [0xa2, 2, 0, 1, 0, 0], [0xc1, 0, 0]] {
            #expect(Self.code(longer + junk) == .malformed)
        }
    }

    @Test("unknown keys of hello are ignored, of whatever type they and their values are")
    func unknownKeys() throws {
        var entries: [CBORValue: CBORValue] = [
            .text("protocol"): .integer(1), .text("topic"): .text("t"), .text("time"): .integer(3),
            .text("agent"): .integer(5), .text("publish"): .null, .integer(1): .text("x"),
            .text("ext"): .map([.integer(1): .array([.text("y")])]), .bytes([1]): .null,
        ]
        let hello = try #require(
            try ServedMethods.read(Self.array(.text("hello"), .map(entries))) as? Hello
        )
        #expect(hello.topic == "t" && hello.time == 3 && hello.agent == "" && hello.publish == nil)
        for key: CBORValue in [.text("protocol"), .text("topic"), .text("time")] {
            let value = entries[key]
            entries[key] = nil
            #expect(Self.code(Self.array(.text("hello"), .map(entries))) == .malformed)
            entries[key] = .null
            #expect(Self.code(Self.array(.text("hello"), .map(entries))) == .malformed)
            entries[key] = value
        }
        // Twice the same key.
        #expect(Self.code([0x82, 0x65] + Array("hello".utf8) + [0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0]) == .malformed)
    }

    @Test("labels of hello longer than they may be are left out, and such a topic is refused")
    func longLabels() throws {
        func hello(_ key: Text, _ count: Int) -> [UInt8] {
            var entries: [CBORValue: CBORValue] = [
                .text("protocol"): .integer(1), .text("topic"): .text("t"), .text("time"): .integer(3),
            ]
            entries[.text(key)] = .text(Text(String(repeating: "x", count: count)))
            return Self.array(.text("hello"), .map(entries))
        }
        for key: Text in ["agent", "name", "request", "publish"] {
            let short = try #require(try ServedMethods.read(hello(key, Hello.labelBytes)) as? Hello)
            let long = try #require(try ServedMethods.read(hello(key, Hello.labelBytes + 1)) as? Hello)
            #expect(short != long)
            #expect([long.agent, long.name, long.request ?? "", long.publish ?? ""].allSatisfy { $0.count == 0 })
        }
        #expect(Self.code(hello("topic", Hello.labelBytes)) == nil)
        #expect(Self.code(hello("topic", Hello.labelBytes + 1)) == .malformed)
    }

    @Test("limits that are asked for are clamped", arguments: [Int64.min, -1, 0, 1, 5, 10_001, Int64.max])
    func clamped(limit: Int64) throws {
        func read<Method: PeerMethod>(_ items: CBORValue...) throws -> Method {
            try #require(try ServedMethods.read(CBORValue.array(items).encoded) as? Method)
        }
        let heads: HeadsMethod = try read(.text("heads"), .null, .integer(limit))
        let news: NewsMethod = try read(.text("news"), .null, .integer(limit))
        let author: CBORValue = .bytes(Self.key(1).bytes.array)
        let pull: PullMethod = try read(.text("pull"), author, .array([]), .array([]), .null, .integer(limit))
        #expect(heads.after == nil && heads.limit == Int(min(max(limit, 1), 10_000)))
        #expect(news.cursor == nil && news.limit == heads.limit)
        #expect(pull.request.maximumBytes == Int(min(max(limit, 1), 4 * 1024 * 1024)))
    }

    // MARK: - What is wrong

    @Test("more ids, heads or deltas than a request may have are `limit`, even if they aren't there")
    func tooMany() throws {
        func pull(want: Int, have: Int) -> [UInt8] {
            PullMethod(
                PullRequest(
                    author: Self.key(1),
                    want: (0..<want).map { Self.id($0) },
                    have: (0..<have).map { Self.id($0) },
                    after: nil,
                    maximumBytes: 1
                )
            ).encoded
        }
        #expect(Self.code(pull(want: 64, have: 256)) == nil)
        #expect(Self.code(pull(want: 65, have: 0)) == .limit)
        #expect(Self.code(pull(want: 0, have: 257)) == .limit)
        #expect(Self.code([0x82, 0x64] + Array("push".utf8) + [0x9a, 0xff, 0xff, 0xff, 0xff]) == .limit)
        #expect(Self.code(PushMethod(.init(repeating: [], count: PeeringLimits.deltas + 1)).encoded) == .limit)
        let heads = [AuthorHead](repeating: Self.heads[0], count: PeeringLimits.headsPage + 1)
        #expect(throws: PeerError(.badReply, "")) {
            try HeadsMethod.decode(reply: HeadsMethod.encode(reply: .init(heads: heads, more: false)))
        }
        #expect(throws: CBORError.self) { try Publication(decoding: Publication(.heads(heads), number: nil).encoded) }
    }

    @Test("a page of 4 MiB of the smallest deltas there can be is within the bounds")
    func smallestDeltas() throws {
        let smallest = try SignedDelta(
            pointers: [Pointer("a", .integer(0))],
            after: [],
            timeCreated: 0,
            signer: TestAuthors.signer("alice")
        )
        #expect(PeeringLimits.pageBytes / smallest.bytes.count < PeeringLimits.deltas)
    }

    @Test("an unknown method is told from one that is asked wrongly")
    func unknownMethod() {
        #expect(Self.code(Self.array(.text("gossip"))) == .unknownMethod)
        #expect(Self.code(Self.array(.text("gossip"), .null)) == .unknownMethod)
        #expect(Self.code(Self.array(.text("Hello"))) == .unknownMethod)
        #expect(Self.code(Self.array(.text("heads"))) == .malformed)
        #expect(Self.code(Self.array(.text("heads"), .null)) == .malformed)
        #expect(Self.code(Self.array(.text("heads"), .integer(1), .integer(1))) == .malformed)
        #expect(Self.code(Self.array(.integer(1))) == .malformed)
        #expect(Self.code(CBORValue.text("peers").encoded) == .malformed)
    }

    @Test("an array that announces no items, or fewer than follow, is malformed and no trap")
    func countsThatLie() {
        // An empty array with a method behind it once crashed the node.
        #expect(Self.code([0x80, 0x65] + Array("peers".utf8)) == .malformed)
        #expect(Self.code([0x80, 0x66] + Array("gossip".utf8)) == .malformed)
        #expect(Self.code([0x80]) == .malformed)
        #expect(Self.code([0x81, 0x65] + Array("heads".utf8) + [0xf6, 0x01]) == .malformed)
        #expect(Self.code([]) == .malformed)
    }

    @Test("no truncation of a request or a reply is read")
    func truncated() {
        for request in Self.requests {
            let bytes = request.encoded
            for count in 0..<bytes.count where count < 200 || count % 97 == 0 {
                #expect(Self.code(Array(bytes.prefix(count))) != nil)
            }
        }
        for (bytes, read) in Self.replies {
            for count in 0..<bytes.count {
                #expect(throws: PeerError(.badReply, "")) { try read(Array(bytes.prefix(count))) }
            }
        }
    }

    @Test("any flipped bit gives another message or an error, never a trap")
    func flippedBits() throws {
        for bytes in Self.requests.map(\.encoded) where bytes.count < 1_000 {
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << bit
                    guard let read = try? ServedMethods.read(changed) else { continue }
                    // What is read was meant so: an unknown key of hello, or a limit that is clamped, may go.
                    if read is Hello { continue }
                    _ = try ServedMethods.read(read.encoded)
                }
            }
        }
        for (bytes, read) in Self.replies {
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << bit
                    try? read(changed)
                }
            }
        }
    }

    @Test("random bytes never trap")
    func noise() {
        withSeed { generator in
            for _ in 0..<20_000 {
                var bytes = generator.bytes(Int.random(in: 0...40, using: &generator))
                // Mostly something that starts like a message.
                if Bool.random(using: &generator) { bytes = Array(Self.requests[0].encoded.prefix(7)) + bytes }
                _ = Self.code(bytes)
                _ = try? Publication(decoding: bytes)
                for (_, read) in Self.replies { try? read(bytes) }
            }
        }
    }

    @Test("an answered error is read with a code of the protocol, whatever the peer says, and a short message")
    func errors() {
        func read(_ bytes: [UInt8]) -> PeerError? {
            do throws(PeerError) {
                _ = try HeadsMethod.decode(reply: bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(read(PeerReply.error(PeerError(.busy, "later")))?.code == .busy)
        for code: Text in ["timeout", "disconnected", "badReply", "", "no such"] {
            let error = read(
                Self.array(.text("error"), .text(code), .text(Text(String(repeating: "x", count: 10_000))))
            )
            #expect(error?.code == .internal)
            #expect(error?.message.count == 200)
        }
        #expect(read(Self.array(.text("error"), .text("busy")))?.code == .badReply)
        #expect(read(Self.array(.text("no"), .null))?.code == .badReply)
        #expect(read([0x80])?.code == .badReply)
    }

    @Test("a cursor of news is bounded")
    func cursor() {
        #expect(throws: PeerError(.badReply, "")) {
            try NewsMethod.decode(
                reply: NewsMethod.encode(reply: .init(heads: [], cursor: .init(repeating: 0, count: 257), more: true))
            )
        }
    }

    @Test("eight megabytes of tiny items cost no more memory than themselves", arguments: [0xf6, 0x80, 0x40, 0x00])
    func tinyItems(item: Int) {
        let count = (8 << 20) - 16
        let items = [UInt8](repeating: UInt8(item), count: count)
        let head: [UInt8] = [0x9a] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        // As an extra parameter they are passed over; as deltas they are too many.
        #expect(Self.code([0x82, 0x65] + Array("peers".utf8) + head + items) == nil)
        #expect(Self.code([0x82, 0x64] + Array("push".utf8) + head + items) == .limit)
    }
}
