internal import HomeFiles
package import Sodium

/// `http.token`: the HTTP API's bearer token, 32 random bytes as base64url (spec: identity.md, "Home folder").
///
/// Programs hand it on to the HTTP API; it stays in locked memory, and its text is made for a request alone.
public struct HTTPToken: Sendable {
    static let name = "http.token"
    private static let byteCount = 32
    private static let textCount = 43
    /// The text, without a line's end, in locked memory.
    package let secret: SecretBytes

    /// A token without a line's end.
    package init(_ secret: SecretBytes) { self.secret = secret }

    /// Reads the home's token, and makes one where there is none.
    ///
    /// - Throws: ``IdentityError`` `malformedFile`; ``FileError`` where others can read it.
    public init(of home: Home) throws {
        if !home.folder.contains(Self.name) {
            do {
                try home.folder.create(Self.name, SecretBytes.random(count: Self.byteCount).base64Encoded(forURL: true))
            } catch let error as FileError where error.code == .exists {
                // Another process was faster: its token counts.
            }
        }
        let content = try home.folder.open(Self.name, as: .secret, limit: 128).secret()
        let count =
            content.count > Self.textCount && content[content.count - 1] == UInt8(ascii: "\n")
            ? content.count - 1 : content.count
        guard count == Self.textCount, (0..<count).allSatisfy({ Self.isInAlphabet(content[$0]) }) else {
            throw IdentityError(
                .malformedFile,
                "\(home.folder.path(Self.name)) holds no token; remove it, and the node makes a new one"
            )
        }
        secret = try content.part(0..<count)
    }

    private static func isInAlphabet(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
