internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedStatements

/// What a node tells all its subscribers (spec: peering.md, "Publications").
struct Publication: Sendable {
    /// What it tells.
    enum Content: Sendable {
        /// Deltas written on the publishing node.
        case deltas([[UInt8]])
        /// News of others' logs.
        case heads([AuthorHead])
    }

    let content: Content
    /// How many publications its publisher had made before it, since its sockets were bound; none where the publisher
    /// doesn't number them.
    let number: Int64?

    init(_ content: Content, number: Int64?) {
        self.content = content
        self.number = number
    }

    /// Reads the third frame.
    init(decoding bytes: [UInt8]) throws(CBORError) {
        var reader = CBORReader(bytes)
        let count = try reader.array()
        guard count == 2 || count == 3 else { throw .unexpected(at: 0) }
        switch try reader.text() {
        case "deltas": content = .deltas(try reader.byteStrings())
        case "heads": content = .heads(try reader.authorHeads())
        default: throw .unexpected(at: reader.offset)
        }
        number = count == 3 ? try reader.integer() : nil
        guard number ?? 0 >= 0 else { throw .unexpected(at: reader.offset) }
        try reader.finish()
    }

    /// The third frame.
    var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.array(number == nil ? 2 : 3)
        switch content {
        case .deltas(let deltas):
            writer.text("deltas")
            writer.byteStrings(deltas)
        case .heads(let heads):
            writer.text("heads")
            writer.authorHeads(heads)
        }
        if let number { writer.integer(number) }
        return writer.bytes
    }
}
