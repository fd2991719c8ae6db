import Bytes
import Foundation
import HomeFiles
import RhizomeIdentity
import RhizomeTesting
import Sodium
import Testing

@Suite struct HomeTests {
    private func code(_ body: () throws -> Void) -> IdentityError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? IdentityError)?.code }
    }

    @Test("an identity is stored once, and loads as it was")
    func storing() async throws {
        try await withTemporaryFolder { folder in
            #expect(code { _ = try Home.open(folder.path("none")) } == .noIdentity)
            let home = try Home.create(folder.path("home"))
            #expect(code { _ = try home.keyFile() } == .noIdentity)
            let identity = try Identity.generate()
            try home.store(identity, passphrase: nil)
            #expect(try home.identity { nil }.publicKey == identity.publicKey)
            #expect(code { try home.store(Identity.generate(), passphrase: nil) } == .identityExists)
            #expect(try home.identity { nil }.publicKey == identity.publicKey)
        }
    }

    @Test("other programs make and load an identity with a passphrase from a file")
    func passphraseFiles() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.create(folder.path("home"))
            let identity = try Identity.generate()
            let file = folder.path("passphrase")
            #expect(code { try home.store(identity, passphraseFile: file) } == .unusablePassphrase)
            #expect(code { try home.store(identity, passphraseFile: folder.path) } == .unusablePassphrase)
            for content in ["", "\n", "\r\n", String(repeating: "x", count: 4097)] {
                try Data(content.utf8).write(to: URL(filePath: file))
                #expect(code { try home.store(identity, passphraseFile: file) } == .unusablePassphrase)
            }
            #expect(!home.hasKey)
            try Data("correct horse".utf8).write(to: URL(filePath: file))
            try home.store(identity, passphraseFile: file)
            #expect(try home.keyFile().isSealed)
            try Data("correct horse\r\n".utf8).write(to: URL(filePath: file))
            #expect(try home.identity(passphraseFile: file).publicKey == identity.publicKey)
            #expect(code { _ = try home.identity() } == .passphraseNeeded)
            try Data("wrong horse".utf8).write(to: URL(filePath: file))
            #expect(code { _ = try home.identity(passphraseFile: file) } == .wrongPassphrase)
        }
    }

    @Test("a name is kept, and a file that holds none is none")
    func names() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(folder.path)
            #expect(try home.name() == nil)
            try home.setName("alice")
            #expect(try home.name() == "alice")
            #expect(code { try home.setName("a b") } == .malformedName)
            for content in ["", "a b", "a\nb\n", "a\r\n", "\u{1b}[2J"] {
                try Data(content.utf8).write(to: URL(filePath: folder.path("name")))
                try folder.setMode(0o600, of: "name")
                #expect(try home.name() == nil)
                #expect(try home.hasMalformedName())
            }
        }
    }

    @Test("the HTTP token is made once: 32 random bytes as base64url, for the owner alone")
    func token() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(folder.path)
            let token = try HTTPToken(of: home)
            let text = try String(contentsOf: URL(filePath: folder.path("http.token")), encoding: .utf8)
            #expect(Base64.urlUnpadded.decode(text)?.count == 32)
            #expect(try folder.mode(of: "http.token") == 0o600)
            #expect(token.secret.revealing(0..<43) == Array(text.utf8))
            #expect(try HTTPToken(of: home).secret.isEqual(to: token.secret))
            try Data((text + "\n").utf8).write(to: URL(filePath: folder.path("http.token")))
            #expect(try HTTPToken(of: home).secret.isEqual(to: token.secret))
            try folder.setMode(0o644, of: "http.token")
            #expect(throws: FileError.self) { try HTTPToken(of: home) }
            try Data("short".utf8).write(to: URL(filePath: folder.path("http.token")))
            try folder.setMode(0o600, of: "http.token")
            #expect(code { _ = try HTTPToken(of: home) } == .malformedFile)
        }
    }

    @Test("a second node is told who holds the data folder")
    func dataLock() async throws {
        try await withTemporaryFolder { folder in
            let home = try Home.open(folder.path)
            let lock = try home.lockData(for: "the first node")
            do throws(FileError) {
                _ = try home.lockData(for: "the second")
                Issue.record("two nodes hold the data folder")
            } catch {
                #expect(error.code == .locked)
                #expect(error.message.contains("the first node"))
            }
            withExtendedLifetime(lock) {}
        }
    }

    @Test("no bytes make the reader of pasted peers trap")
    func hostileTexts() throws {
        withSeed { random in
            let parts = [
                "rhizome://", "did:key:", "ssh-ed25519 ", "z6MkfY3RuB9vUCAzMGKBEPhNHRVDJCJmk53QDL9wp24Ke16X", "@",
                "?name=",
                "host:1", "[::1]:2", "AAAAC3NzaC1lZDI1NTE5AAAAIBAVU6UoNOcuB6anmNRlkQuB23C0x5vRKexiHsU4vmrI", "\u{301}",
                "\0",
                " ", "=", "\r\n", "水",
            ]
            for _ in 0..<2000 {
                let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    parts.randomElement(using: &random) ?? ""
                }
                .joined()
                guard let peer = try? PeerText(parsing: text) else { continue }
                // What is accepted is a whole form: nothing of it was dropped but an SSH line's comment.
                #expect(
                    [
                        peer.identity.did, peer.identity.multibase,
                        peer.identity.card(address: peer.address, name: peer.name),
                    ]
                    .contains { $0.utf8.elementsEqual(text.utf8) } || text.hasPrefix(peer.identity.sshLine())
                )
            }
        }
    }
}
