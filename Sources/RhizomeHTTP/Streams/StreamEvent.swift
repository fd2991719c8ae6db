internal import Bytes
internal import StrictJSON

/// An event of a stream (spec: streams.md).
struct StreamEvent: Sendable {
    /// Its name.
    enum Kind: String, Sendable {
        case delta, created, updated, deleted, ready, reset, end
    }

    let kind: Kind
    let data: JSONObject

    /// Appends it as `text/event-stream` has it (HTML, section 9.2.6).
    ///
    /// - Parameter id: where who has read it goes on; as before where `nil`.
    func write(to bytes: inout [UInt8], id: StreamPosition?) {
        bytes += "event: \(kind.rawValue)\n".utf8
        if let id { bytes += "id: \(id.text)\n".utf8 }
        // JSON on one line has no line's end in it.
        bytes += "data: ".utf8
        bytes.append(json: .object(data))
        bytes += "\n\n".utf8
    }
}
