import Bytes
import RhizomeIdentity
import Sodium

/// Key files: a plain one that is accepted is written as the same bytes; all that is refused is refused in words.
enum KeyFiles: FuzzTarget {
    static let name = "key-file"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] { try vectors.texts("keyfile", "file") }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let file: KeyFile
        do {
            file = try KeyFile(SecretBytes(joining: [.open(bytes)]))
        } catch is IdentityError {
            return false
        }
        guard !file.isSealed else { return true }
        let identity = try file.identity { nil }
        try require(identity.publicKey == file.publicKey, "the secret belongs to the public key")
        let written = try KeyFile.armored(identity, passphrase: nil)
        let text = written.revealing(0..<written.count)
        try require(text == bytes || text.dropLast() == bytes[...], "a plain key file has one text")
        return true
    }
}
