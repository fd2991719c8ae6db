internal import Bytes
internal import HomeFiles
internal import Sodium

/// `http.token`: the HTTP API's bearer token, 32 random bytes as base64url (spec: identity.md, "Home folder").
public struct HTTPToken: Sendable {
    static let name = "http.token"
    private static let byteCount = 32
    private let text: [UInt8]

    /// Reads the home's token, and makes one where there is none.
    ///
    /// - Throws: ``IdentityError`` `malformedFile`; ``FileError`` where others can read it.
    public init(of home: Home) throws {
        if !home.folder.contains(Self.name) {
            let fresh = Base64.urlUnpadded.encode(try randomBytes(count: Self.byteCount))
            do throws(FileError) {
                try home.folder.create(Self.name, Array(fresh.utf8))
            } catch {
                // Where another process was faster, its token counts.
                guard error.code == .exists else { throw error }
            }
        }
        text = try Self.read(home)
    }

    private static func read(_ home: Home) throws -> [UInt8] {
        var text = try home.folder.open(name, as: .secret, limit: 128).bytes()
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        guard Base64.urlUnpadded.decode(String(decoding: text, as: UTF8.self))?.count == byteCount else {
            throw malformed(home)
        }
        return text
    }

    private static func malformed(_ home: Home) -> IdentityError {
        IdentityError(
            .malformedFile,
            "\(home.folder.path(name)) holds no token; remove it, and the node makes a new one"
        )
    }

    /// Whether a client's token is this one; takes the same time wherever they differ.
    public func matches(_ candidate: some Sequence<UInt8>) -> Bool {
        isEqualInConstantTime(Array(candidate), text)
    }
}
