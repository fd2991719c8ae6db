internal import HomeFiles
package import Sodium

/// A file that holds a key's passphrase, on one line (spec: identity.md, "identity.key").
package enum PassphraseFile {
    /// More bytes than a passphrase may have.
    package static let mostBytes = 4096

    /// Reads the passphrase straight into locked memory, without the line's end.
    ///
    /// Links and pipes are welcome: it is a person who names the file.
    ///
    /// - Throws: ``IdentityError`` `unusablePassphrase` where the file is missing, a folder, empty or too long;
    ///   ``FileError`` where it can't be read.
    package static func read(_ path: String) throws -> SecretBytes {
        do {
            return try passphrase(in: path) { span throws(FileError) in try OutsideFile.read(path, into: &span) }
        } catch let error as FileError where error.code == .missing {
            throw unusable("\(path) does not exist; write the passphrase into it, or name another file")
        } catch let error as FileError where error.code == .wrongKind {
            throw unusable("\(path) is no file that holds a passphrase; name another one")
        }
    }

    /// As ``read(_:)``, of all that standard input holds.
    package static func readStandardInput() throws -> SecretBytes {
        try passphrase(in: "standard input", OutsideFile.readStandardInput(into:))
    }

    private static func passphrase(
        in path: String,
        _ fill: (inout MutableRawSpan) throws(FileError) -> Int
    ) throws -> SecretBytes {
        var count = 0
        let room = try SecretBytes(count: mostBytes + 1) { span in count = try fill(&span) }
        guard count <= mostBytes else {
            throw unusable("\(path) has more than \(mostBytes) bytes; is it the passphrase file?")
        }
        if count > 0, room[count - 1] == UInt8(ascii: "\n") {
            count -= 1
            if count > 0, room[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        }
        guard count > 0 else { throw unusable("\(path) holds no passphrase; write one into it") }
        return try room.part(0..<count)
    }

    private static func unusable(_ message: String) -> IdentityError { IdentityError(.unusablePassphrase, message) }
}
