import Bytes
import SignedStatements
import Testing

@testable import RhizomePeering

@Suite struct PublicationInboxTests {
    private static func job(_ peer: UInt8, _ body: UInt8) -> PeerJob {
        .publication(peer: PublicKey(Bytes32(repeating: peer)), body: [body])
    }

    @Test("one takes what there is of a peer, in its order and all that waits together; others of that peer only add")
    func order() {
        let inbox = PublicationInbox()
        let peer = Self.job(1, 0).peer
        #expect(inbox.add(Self.job(1, 1)) && !inbox.add(Self.job(1, 2)))
        #expect(inbox.add(Self.job(2, 9)), "another peer's are taken by another one")
        #expect(inbox.take(of: peer).map(\.body) == [[1], [2]])
        #expect(!inbox.add(Self.job(1, 3)), "it is still taken")
        #expect(inbox.take(of: peer).map(\.body) == [[3]])
        #expect(inbox.take(of: peer).isEmpty)
        #expect(inbox.add(Self.job(1, 4)), "nobody takes it any more")
    }
}
