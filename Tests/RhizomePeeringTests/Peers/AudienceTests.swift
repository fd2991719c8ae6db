import Bytes
import RhizomeCore
import SignedStatements
import Testing

@testable import RhizomePeering

/// Whom announcements are of use to (spec: peering.md, "Publications").
@Suite struct AudienceTests {
    private static func key(_ number: Int) -> PublicKey { PublicKey(Bytes32(repeating: UInt8(number))) }
    private static let own = key(100)
    private static let (alice, bob, carol, dave) = (key(1), key(2), key(3), key(4))

    private static func head(_ number: Int, of author: PublicKey = alice) -> AuthorHead {
        AuthorHead(author: author, id: DeltaID(Bytes32(repeating: UInt8(number))))
    }

    /// Connected with these, who say that they are connected with those.
    private func audience(_ neighbours: [PublicKey: Set<PublicKey>?]) -> Audience {
        var audience = Audience(own: Self.own)
        for (peer, said) in neighbours {
            _ = audience.set(peer, isConnected: true)
            if let said { audience.set(said, of: peer) }
        }
        return audience
    }

    private func isNews(_ head: AuthorHead, _ audience: inout Audience, heldBy holders: Set<PublicKey> = []) -> Bool {
        audience.isNews(head) { holders.contains($0) }
    }

    private func hasAny(_ author: PublicKey, _ audience: inout Audience) -> Bool { audience.hasAny(for: author) }

    private func wait(_ author: PublicKey, _ audience: inout Audience) -> Duration {
        audience.longestFirstWait(for: author)
    }

    @Test("in a full mesh nothing is news to anybody but what we wrote")
    func mesh() {
        let all: Set = [Self.alice, Self.bob, Self.carol, Self.own]
        var audience = audience([Self.alice: all, Self.bob: all, Self.carol: all])
        #expect(!hasAny(Self.alice, &audience))
        #expect(!isNews(Self.head(7), &audience))
        #expect(hasAny(Self.own, &audience))
        #expect(isNews(Self.head(7, of: Self.own), &audience))
        #expect(wait(Self.own, &audience) == .zero)
        for peer in [Self.alice, Self.bob, Self.carol] { _ = audience.set(peer, isConnected: false) }
        #expect(hasAny(Self.own, &audience), "who has subscribed may not count as connected yet")
    }

    @Test("who isn't connected with the author is told, unless it holds the head")
    func far() {
        var audience = audience([Self.alice: [Self.own], Self.bob: [Self.own]])
        #expect(hasAny(Self.alice, &audience))
        #expect(isNews(Self.head(7), &audience))
        #expect(!isNews(Self.head(7), &audience, heldBy: [Self.bob]))
        #expect(wait(Self.alice, &audience) == .zero, "nobody else can tell bob")
        // Of an author with whom we aren't connected nobody is near.
        #expect(isNews(Self.head(8, of: Self.dave), &audience, heldBy: [Self.alice]))
        #expect(wait(Self.dave, &audience) == .zero)
    }

    @Test("who has announced a head knows it, and so do those who say that they are connected with it")
    func announced() {
        var audience = audience([
            Self.alice: [Self.own, Self.bob], Self.bob: [Self.own, Self.alice, Self.carol],
            Self.carol: [Self.own, Self.bob],
        ])
        #expect(isNews(Self.head(7), &audience), "carol is far from alice")
        audience.announced([Self.head(7)], by: Self.bob)
        #expect(!isNews(Self.head(7), &audience))
        #expect(isNews(Self.head(8), &audience), "that one wasn't announced")
        audience.set([Self.own], of: Self.carol)
        #expect(isNews(Self.head(7), &audience), "carol isn't connected with bob any more")
    }

    @Test("who claims to be everybody's neighbour is told less, and nobody else is")
    func liar() {
        let everybody: Set = [Self.alice, Self.bob, Self.carol, Self.dave, Self.own]
        var audience = audience([Self.alice: [Self.own], Self.bob: everybody, Self.carol: [Self.own]])
        #expect(isNews(Self.head(7), &audience), "carol is to be told")
        audience.announced([Self.head(7)], by: Self.bob)
        #expect(isNews(Self.head(7), &audience), "carol doesn't say that bob is her neighbour")
        #expect(!isNews(Self.head(7), &audience, heldBy: [Self.carol]), "the liar isn't told")
    }

    @Test("the more peers can tell of it as well, the longer the first telling waits, and 50 ms at most")
    func rivals() {
        let near = (10..<30).map { Self.key($0) }
        func longest(_ rivals: Int) -> Duration {
            var neighbours: [PublicKey: Set<PublicKey>?] = [Self.alice: Set(near), Self.bob: Set(near.prefix(rivals))]
            for peer in near { neighbours[peer] = .some([Self.alice, Self.bob]) }
            var audience = audience(neighbours)
            return audience.longestFirstWait(for: Self.alice)
        }
        #expect([0, 1, 2, 20].map(longest) == [.zero, .milliseconds(20), .milliseconds(30), .milliseconds(50)])
        var unknown = audience([Self.alice: [Self.own], Self.bob: nil])
        #expect(wait(Self.alice, &unknown) == .milliseconds(15), "bob may hear it from her")
    }

    @Test("connections that come and go, and what peers say anew, count at once")
    func changes() {
        var audience = audience([Self.alice: [Self.bob], Self.bob: [Self.alice]])
        #expect(!hasAny(Self.alice, &audience))
        let ups = [true, true].map { audience.set(Self.carol, isConnected: $0) }
        #expect(ups == [true, false])
        #expect(hasAny(Self.alice, &audience), "nothing is known of carol")
        audience.set([Self.alice], of: Self.carol)
        #expect(!hasAny(Self.alice, &audience))
        let downs = [false, false].map { audience.set(Self.carol, isConnected: $0) }
        #expect(downs == [true, false])
        audience.set([], of: Self.bob)
        #expect(hasAny(Self.alice, &audience))
        _ = audience.set(Self.bob, isConnected: false)
        #expect(!hasAny(Self.alice, &audience), "there is nobody left to be told")
    }

    @Test("who announced what is remembered of the latest heads alone")
    func bounded() {
        var audience = audience([Self.alice: [Self.own], Self.bob: [Self.own], Self.carol: [Self.bob]])
        func numbered(_ number: Int) -> AuthorHead {
            var bytes = [UInt8](repeating: 0, count: 32)
            (bytes[0], bytes[1]) = (UInt8(number >> 8), UInt8(number & 255))
            return AuthorHead(author: Self.alice, id: DeltaID(Bytes32(bytes) ?? Bytes32(repeating: 0)))
        }
        for number in 0..<10_000 { audience.announced([numbered(number)], by: Self.bob) }
        #expect(isNews(numbered(0), &audience))
        #expect(!isNews(numbered(9_999), &audience))
        #expect(!isNews(numbered(9_999 - 2_000), &audience))
    }
}
