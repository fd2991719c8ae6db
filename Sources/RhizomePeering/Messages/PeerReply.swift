internal import Bytes
internal import DeterministicCBOR

/// Frames of replies, whichever the method: `["ok", result]` or `["error", code, message]` (spec: peering.md,
/// "Requests").
enum PeerReply {
    /// An error.
    static func error(_ error: PeerError) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(3)
        writer.text("error")
        writer.text(Text(error.code.rawValue))
        writer.text(Text(error.message))
        return writer.bytes
    }

    /// A result.
    static func ok(_ write: (inout CBORWriter) -> Void) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(2)
        writer.text("ok")
        write(&writer)
        return writer.bytes
    }

    /// Opens a reply and reads its result.
    ///
    /// - Throws: the error that the peer answered, or `badReply` where the reply isn't one.
    static func read<Result>(
        _ bytes: [UInt8],
        _ result: (inout CBORReader) throws(CBORError) -> Result
    ) throws(PeerError) -> Result {
        var reader = CBORReader(bytes)
        var answered: PeerError?
        do throws(CBORError) {
            let count = try reader.array()
            let kind = try reader.text()
            if kind == "ok", count == 2 {
                let value = try result(&reader)
                try reader.finish()
                return value
            }
            guard kind == "error", count == 3 else { throw .unexpected(at: 0) }
            let code = try reader.text()
            let message = try reader.text()
            try reader.finish()
            answered = PeerError(PeerError.Code(answered: code), String(message.string.unicodeScalars.prefix(200)))
        } catch {
            throw PeerError(.badReply, "the peer's reply: \(error)")
        }
        throw answered ?? PeerError(.badReply, "the peer's reply")
    }
}
