import Bytes
import RhizomeIdentity

/// What a person pastes for a peer: what is accepted has a card that says the same, and a card that is accepted is it.
enum PeerTexts: FuzzTarget {
    static let name = "peer-text"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] { try vectors.texts("peer-text", "text") }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        if let address = PeerAddress(text) {
            try require(address.description.utf8.elementsEqual(text.utf8), "an address is printed as it was read")
        }
        let peer: PeerText
        do throws(IdentityError) { peer = try PeerText(parsing: text) } catch { return false }
        let card = peer.identity.card(address: peer.address, name: peer.name)
        try require(try PeerText(parsing: card) == peer, "a card is read as it is written")
        if text.utf8.starts(with: "rhizome:".utf8) {
            try require(card.utf8.elementsEqual(text.utf8), "a card has one text")
        }
        return true
    }
}
