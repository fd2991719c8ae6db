internal import Bytes

/// What a request line asks for: the path's parts and the query's, decoded (RFC 9112, section 3.2).
///
/// The parts are split before they are decoded, so that an id may hold a `/`. Nothing is repaired: what isn't a proper
/// path is refused, since a path that two programs read differently is how guards are passed.
struct RequestTarget: Equatable, Sendable {
    /// The path's parts in order; none for `/`.
    let path: [Text]
    /// The query's parts, each name once.
    let query: [Text: Text]

    /// Reads the target of a request line.
    ///
    /// - Throws: 400 for anything but a path with a query: other forms, characters that a URI doesn't have, empty parts
    ///   (`//`, a slash at the end), `.` and `..` unless encoded, wrong percent-encoding, a query name that comes twice.
    init(parsing target: String) throws(APIError) {
        let bytes = Array(target.utf8)
        guard bytes.first == UInt8(ascii: "/") else {
            throw .badInput("the request target is a path that begins with /", field: "path")
        }
        guard bytes.allSatisfy(Self.isAllowed) else {
            throw .badInput("the request target holds a character that must be percent-encoded", field: "path")
        }
        let parts = bytes.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = try Self.path(parts[0].dropFirst())
        query = parts.count > 1 ? try Self.query(parts[1]) : [:]
    }

    private static func path(_ path: ArraySlice<UInt8>) throws(APIError) -> [Text] {
        guard !path.isEmpty else { return [] }
        var decoded: [Text] = []
        for part in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !part.isEmpty else { throw .badInput("the path has an empty part", field: "path") }
            guard !part.elementsEqual(".".utf8), !part.elementsEqual("..".utf8) else {
                throw .badInput("the path has a part . or ..", field: "path")
            }
            guard let text = PercentEncoding.decode(part) else {
                throw .badInput("the path's percent-encoding is wrong, or not UTF-8", field: "path")
            }
            decoded.append(text)
        }
        return decoded
    }

    private static func query(_ query: ArraySlice<UInt8>) throws(APIError) -> [Text: Text] {
        var decoded: [Text: Text] = [:]
        for part in query.split(separator: UInt8(ascii: "&")) {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = PercentEncoding.decode(pair.count > 1 ? pair[1] : [], plusIsSpace: true)
            else { throw .badInput("the query's percent-encoding is wrong, or not UTF-8", field: "query") }
            guard decoded.updateValue(value, forKey: name) == nil else {
                throw .badInput("the query has this parameter twice", field: name.string)
            }
        }
        return decoded
    }

    /// Printable ASCII without `#`, since a fragment is never sent, and `\`, which some programs take for `/`.
    ///
    /// Browsers send others that RFC 3986 wants encoded, `{` and `|` among them, as they are.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#") && byte != UInt8(ascii: "\\")
    }
}
