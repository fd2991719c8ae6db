internal import Bytes

/// Where a page of a list ended, as the next one is asked for: opaque to readers (spec: http.md, `?after=`).
///
/// It names an item, not a count: what is added meanwhile shifts nothing.
enum PageCursor: Equatable {
    /// A position in the log with this epoch.
    case position(Int64, epoch: [UInt8])
    /// An entity's id.
    case entity(Text)
    /// A context's name as it is told.
    case context(Text)

    /// Bytes of an epoch that tell logs apart.
    private static let epochBytes = 8

    /// The text form.
    var text: String {
        var bytes: [UInt8]
        switch self {
        case .position(let position, let epoch):
            bytes = [UInt8(ascii: "p")] + epoch.prefix(Self.epochBytes)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: position >> shift))
            }
        case .entity(let id): bytes = [UInt8(ascii: "e")] + id.utf8
        case .context(let name): bytes = [UInt8(ascii: "c")] + name.utf8
        }
        return Base64.urlUnpadded.encode(bytes)
    }

    /// The position in a log that a cursor of it names; 0 where there is no cursor.
    static func position(_ text: Text?, epoch: [UInt8]) throws(APIError) -> Int64 {
        guard let text else { return 0 }
        let head = [UInt8(ascii: "p")] + epoch.prefix(epochBytes)
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.count == head.count + 8,
            bytes.starts(with: head)
        else { throw invalid }
        let position = bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let position = Int64(exactly: position) else { throw invalid }
        return position
    }

    /// The id that a cursor of entities names.
    static func entity(_ text: Text?) throws(APIError) -> Text? { try name(text, kind: "e") }

    /// The name, as it is told, of the context that a cursor of contexts names.
    static func context(_ text: Text?) throws(APIError) -> Text? { try name(text, kind: "c") }

    private static func name(_ text: Text?, kind: Unicode.Scalar) throws(APIError) -> Text? {
        guard let text else { return nil }
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.first == UInt8(ascii: kind),
            let name = Text(utf8: bytes.dropFirst())
        else { throw invalid }
        return name
    }

    /// What is said of a cursor that isn't of this list.
    static var invalid: APIError {
        .badInput("after is taken from the Link header of an earlier page of this list", field: "after")
    }
}
