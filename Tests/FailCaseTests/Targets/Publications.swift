import DeterministicCBOR

@testable import RhizomePeering

/// Publications: what is accepted has this one encoding.
enum Publications: FuzzTarget {
    static let name = "publication"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        [
            Publication(.deltas([[1], [2, 3]]), number: nil).encoded,
            Publication(.heads([PeerRequests.head]), number: nil).encoded,
            Publication(.heads([PeerRequests.head]), number: 300).encoded,
        ]
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let publication: Publication
        do throws(CBORError) { publication = try Publication(decoding: bytes) } catch { return false }
        try require(publication.encoded == bytes, "a publication has one encoding")
        return true
    }
}
