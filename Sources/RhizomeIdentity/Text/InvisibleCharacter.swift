internal import Bytes
internal import Sodium

/// Characters that nobody sees, and that editors, web pages and chats add to what is copied from them.
enum InvisibleCharacter {
    /// What shows nothing in any text and changes nothing of it: never meant (RFC 8264, section 9.13).
    private static let useless: [Unicode.Scalar] = [
        "\u{ad}", "\u{200b}", "\u{200e}", "\u{200f}", "\u{2060}", "\u{feff}",
    ]
    /// Scripts and emoji need them (RFC 5892, appendix A): they can be meant.
    private static let joiners: [Unicode.Scalar] = ["\u{200c}", "\u{200d}"]

    /// The first one in what is to name a peer: where it stands, from 1, and what it is.
    ///
    /// Spaces of other widths than that of ASCII look like it, and count too. The comment of an SSH line, behind its
    /// second space, may hold anything.
    static func first(in text: String) -> (number: Int, name: String)? {
        var spaces = 0
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if scalar == " " { spaces += 1 }
            guard spaces < 2 else { return nil }
            let isOtherSpace = scalar.properties.generalCategory == .spaceSeparator && scalar != " "
            if !scalar.isVisible || isOtherSpace { return (index + 1, name(of: scalar)) }
        }
        return nil
    }

    /// One in a new passphrase that its owner can't have meant, or a text that isn't even UTF-8 but UTF-16.
    static func unmeant(in passphrase: SecretBytes) -> String? { first(of: useless, in: passphrase) }

    /// One in a passphrase that may be why it is wrong.
    static func any(in passphrase: SecretBytes) -> String? { first(of: useless + joiners, in: passphrase) }

    private static func first(of scalars: [Unicode.Scalar], in passphrase: SecretBytes) -> String? {
        if passphrase.count >= 2, [[0xff, 0xfe], [0xfe, 0xff]].contains([passphrase[0], passphrase[1]]) {
            return "the byte-order mark of UTF-16"
        }
        let found = scalars.first { scalar in
            let bytes = Array(UTF8.encode(scalar) ?? .init())
            return (0..<max(0, passphrase.count - bytes.count + 1)).contains { start in
                bytes.indices.allSatisfy { passphrase[start + $0] == bytes[$0] }
            }
        }
        return found.map { name(of: $0) }
    }

    /// Its code point, and its name in Unicode where it has one.
    private static func name(of scalar: Unicode.Scalar) -> String {
        let code = "U+" + String(repeating: "0", count: max(0, 4 - hex(scalar).count)) + hex(scalar)
        // Its name says what it once was, and nobody calls it that.
        let name = scalar == "\u{feff}" ? "byte-order mark" : scalar.properties.name?.lowercased()
        return name.map { "\(code) (\($0))" } ?? code
    }

    private static func hex(_ scalar: Unicode.Scalar) -> String { String(scalar.value, radix: 16, uppercase: true) }
}
