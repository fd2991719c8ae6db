import Bytes
import DeterministicCBOR
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

private struct KeyFileCase: Decodable {
    let passphrase: String?
    let did: String
    let file: String
}

@Suite struct KeyFileTests {
    private static let cheap = KeyFile.Cost(operations: 1, memoryBytes: 8192)

    private func secret(_ text: String) throws -> SecretBytes { try SecretBytes(joining: [.open(Array(text.utf8))]) }

    private func load(_ text: String, _ passphrase: String? = nil) throws -> Identity {
        try KeyFile(secret(text)).identity { try passphrase.map { try secret($0) } }
    }

    private func armored(_ bytes: [UInt8]) -> String {
        let text = Base64.standard.encode(bytes)
        var lines = ["-----BEGIN RHIZOME SECRET KEY-----"]
        var rest = text[...]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        return (lines + ["-----END RHIZOME SECRET KEY-----", ""]).joined(separator: "\n")
    }

    private func code(_ text: String, _ passphrase: String? = nil) -> IdentityError.Code? {
        do {
            _ = try load(text, passphrase)
            return nil
        } catch { return (error as? IdentityError)?.code }
    }

    @Test("the files of the vectors load, and are written back the same way where they are plain")
    func vectors() throws {
        for entry in try TestFiles.cases("keyfile", as: KeyFileCase.self) {
            let identity = try load(entry.file, entry.passphrase)
            #expect(identity.publicKey.did == entry.did)
            #expect(try KeyFile(secret(entry.file)).isSealed == (entry.passphrase != nil))
            guard entry.passphrase == nil else { continue }
            let written = try KeyFile.armored(identity, passphrase: nil)
            #expect(written.revealing(0..<written.count) == Array(entry.file.utf8))
        }
    }

    @Test("a sealed file opens with its passphrase alone")
    func sealed() throws {
        let identity = try Identity.generate()
        let file = try KeyFile.armored(identity, passphrase: secret("pass"), cost: Self.cheap)
        let text = String(decoding: file.revealing(0..<file.count), as: UTF8.self)
        #expect(try load(text, "pass").publicKey == identity.publicKey)
        #expect(code(text, "Pass") == .wrongPassphrase)
        #expect(code(text, "pass ") == .wrongPassphrase)
        #expect(code(text, "") == .unusablePassphrase)
        #expect(code(text) == .passphraseNeeded)
        let again = try KeyFile.armored(identity, passphrase: secret("pass"), cost: Self.cheap)
        #expect(!again.isEqual(to: file), "salt and nonce are new each time")
        #expect(throws: IdentityError.self) { try KeyFile.armored(identity, passphrase: secret("")) }
    }

    @Test(
        "a character that nobody sees is named: refused in a new passphrase, and told of a wrong one",
        arguments: [
            ("\u{feff}pass", "U+FEFF (byte-order mark)", false), ("pa\u{200b}ss", "U+200B (zero width space)", false),
            ("pass\u{2060}", "U+2060 (word joiner)", false), ("pa\u{ad}ss", "U+00AD (soft hyphen)", false),
            ("pa\u{200d}ss", "U+200D (zero width joiner)", true),
        ]
    )
    func unseenCharacters(passphrase: String, name: String, isAllowed: Bool) throws {
        let identity = try Identity.generate()
        func sealed(_ passphrase: String) throws -> SecretBytes {
            try KeyFile.armored(identity, passphrase: secret(passphrase), cost: Self.cheap)
        }
        if isAllowed {
            let file = try sealed(passphrase)
            #expect(try KeyFile(file).identity { try secret(passphrase) }.publicKey == identity.publicKey)
        } else {
            let error = #expect(throws: IdentityError.self) { try sealed(passphrase) }
            #expect(error?.code == .unusablePassphrase)
            #expect(error?.message.contains(name) == true)
        }
        let file = try KeyFile(sealed("pass"))
        let error = #expect(throws: IdentityError.self) { try file.identity { try secret(passphrase) } }
        #expect(error?.code == .wrongPassphrase)
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        let plain = #expect(throws: IdentityError.self) { try file.identity { try secret("path é") } }
        #expect(plain?.message.contains("can't be seen") == false)
    }

    @Test("a passphrase in UTF-16 is told to be so")
    func passphraseInUTF16() throws {
        let bytes = try SecretBytes(joining: [.open([0xff, 0xfe, 0x70, 0])])
        let error = #expect(throws: IdentityError.self) {
            try KeyFile.armored(Identity.generate(), passphrase: bytes, cost: Self.cheap)
        }
        #expect(error?.message.contains("UTF-16") == true)
    }

    @Test("any changed bit of a sealed file is refused")
    func changedBits() throws {
        let identity = try Identity.generate()
        let file = try KeyFile.armored(identity, passphrase: secret("pass"), cost: Self.cheap)
        let body = file.revealing(35..<file.count - 34).filter { $0 != 0x0a }
        let bytes = try #require(Base64.standard.decode(String(decoding: body, as: UTF8.self)))
        for index in bytes.indices {
            for bit in [0, 5] {
                var changed = bytes
                changed[index] ^= 1 << bit
                // A changed cost would take a gigabyte to be refused by the tag.
                if (61..<76).contains(index) { continue }
                #expect(code(armored(changed), "pass") != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test("a plain file whose seed belongs to another key is refused")
    func mismatch() throws {
        let entry = try #require(try TestFiles.cases("keyfile", as: KeyFileCase.self).first)
        let body = entry.file.split(separator: "\n").dropFirst().dropLast().joined()
        var bytes = try #require(Base64.standard.decode(body))
        bytes[bytes.count - 1] ^= 1
        #expect(code(armored(bytes)) == .keyMismatch)
        bytes[bytes.count - 1] ^= 1
        bytes[20] ^= 1
        #expect(code(armored(bytes)) == .keyMismatch)
    }

    @Test(
        "work and memory beyond the limits are refused before any work",
        arguments: [
            (21, 8192), (0, 8192), (-1, 8192), (1, (1 << 30) + 1), (1, 8191), (1, -1), (Int64.max, Int64.max),
        ] as [(Int64, Int64)]
    )
    func limits(operations: Int64, memory: Int64) throws {
        var writer = CBORWriter()
        writer.array(5)
        writer.text("rhizome-key")
        writer.integer(1)
        writer.byteString(Bytes32(repeating: 7))
        writer.array(4)
        writer.text("argon2id13")
        writer.integer(operations)
        writer.integer(memory)
        writer.byteString([UInt8](repeating: 1, count: 16))
        writer.byteString([UInt8](repeating: 1, count: 72))
        #expect(code(armored(writer.bytes), "x") == .costlyKeyFile)
    }

    @Test("a file of a newer version is told to be one")
    func newer() throws {
        var writer = CBORWriter()
        writer.array(5)
        writer.text("rhizome-key")
        writer.integer(2)
        writer.byteString(Bytes32(repeating: 7))
        writer.null()
        writer.byteString(Bytes32(repeating: 7))
        #expect(code(armored(writer.bytes)) == .newerVersion)
    }

    @Test("every truncation is refused, and every other line structure")
    func malformed() throws {
        let entry = try #require(try TestFiles.cases("keyfile", as: KeyFileCase.self).first)
        let file = entry.file
        for count in 0..<file.utf8.count - 1 {
            #expect(
                code(String(decoding: file.utf8.prefix(count), as: UTF8.self)) == .malformedKeyFile,
                "\(count) bytes"
            )
        }
        #expect(code(file) == nil)
        let lines = file.split(separator: "\n").map(String.init)
        let others = [
            file.replacing("\n", with: "\r\n"), " " + file, file + "\n", file + "x",
            file.replacing("SECRET KEY", with: "PRIVATE KEY"), file.replacing("==", with: "="),
            [lines[0], lines[1] + lines[2], lines[3], ""].joined(separator: "\n"),
            [lines[0], "", lines[1], lines[2], lines[3], ""].joined(separator: "\n"),
            [lines[0], lines[1], lines[3], ""].joined(separator: "\n"),
            [lines[0], lines[2], lines[1], lines[3], ""].joined(separator: "\n"),
            lines[0] + "\n" + lines[3] + "\n",
        ]
        for other in others where other != file { #expect(code(other) == .malformedKeyFile, "\(other)") }
    }
}
