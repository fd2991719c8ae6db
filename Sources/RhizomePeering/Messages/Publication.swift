internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedLog

/// What a node tells all its subscribers (spec: peering.md, "Publications").
enum Publication: Sendable {
    /// Deltas written on the publishing node.
    case deltas([[UInt8]])
    /// News of others' logs.
    case heads([AuthorHead])

    /// Reads the third frame.
    init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        guard try reader.array() == 2 else { throw .unexpected(at: 0) }
        switch try reader.text() {
        case "deltas": self = .deltas(try reader.byteStrings())
        case "heads": self = .heads(try reader.authorHeads())
        default: throw .unexpected(at: reader.offset)
        }
        try reader.finish()
    }

    /// The third frame.
    var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.array(2)
        switch self {
        case .deltas(let deltas):
            writer.text("deltas")
            writer.byteStrings(deltas)
        case .heads(let heads):
            writer.text("heads")
            writer.authorHeads(heads)
        }
        return writer.bytes
    }
}
