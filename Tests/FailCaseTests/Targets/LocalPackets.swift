import Bytes
import StrictJSON

@testable import RhizomePeering

/// What anybody on a local network sends: what is accepted has this one encoding.
enum LocalPackets: FuzzTarget {
    static let name = "lan-packet"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        try vectors.members(of: "lan", in: "meeting").compactMap {
            $0["packet"]?.text.flatMap { Hex.decode($0.string) }
        }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        guard let packet = LocalPacket(bytes) else { return false }
        try require(packet.encoded == bytes, "a packet has one encoding")
        try require(LocalPacket.tagCounts.contains(packet.tags.count), "tags are bounded")
        return true
    }
}
