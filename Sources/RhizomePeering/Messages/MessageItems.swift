internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedStatements

extension CBORWriter {
    /// `[author, head id]`.
    mutating func authorHead(_ head: AuthorHead) {
        array(2)
        byteString(head.author.bytes)
        byteString(head.id.bytes)
    }

    /// `[[author, head id], …]`.
    mutating func authorHeads(_ heads: [AuthorHead]) {
        array(heads.count)
        for head in heads { authorHead(head) }
    }

    /// An array of byte strings.
    mutating func byteStrings(_ strings: [[UInt8]]) {
        array(strings.count)
        for string in strings { byteString(string) }
    }
}

extension CBORReader {
    /// `[author, head id]`.
    mutating func authorHead() throws(CBORError) -> AuthorHead {
        guard try array() == 2 else { throw .unexpected(at: offset) }
        return AuthorHead(author: PublicKey(try bytes32()), id: DeltaID(try bytes32()))
    }

    /// `[[author, head id], …]`.
    mutating func authorHeads() throws(CBORError) -> [AuthorHead] {
        var heads: [AuthorHead] = []
        for _ in 0..<(try array(atMost: PeeringLimits.headsPage)) { heads.append(try authorHead()) }
        return heads
    }

    /// An array of byte strings.
    mutating func byteStrings() throws(CBORError) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        for _ in 0..<(try array(atMost: PeeringLimits.deltas)) { strings.append(try byteString()) }
        return strings
    }

    /// How much is asked for: at least 1, and clamped to the most that there may be.
    mutating func limit(_ most: Int) throws(CBORError) -> Int { Int(min(max(try integer(), 1), Int64(most))) }
}
