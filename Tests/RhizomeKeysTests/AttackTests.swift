import Bytes
import Foundation
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

/// What a reviewer will try on the home's files and on what is printed.
@Suite struct AttackTests {
    private let peer = "did:key:z6MkfY3RuB9vUCAzMGKBEPhNHRVDJCJmk53QDL9wp24Ke16X"

    private func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// Expects every command that needs the key to refuse it in one line, and the file to stay as it is.
    private func expectRefusal(
        _ keys: KeysCommand,
        _ exitCode: Int32,
        saying words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        expectFailure(try await keys("show"), exitCode, saying: words, sourceLocation: sourceLocation)
        let verified = try await keys("verify")
        #expect(verified.exitCode == 1, sourceLocation: sourceLocation)
        #expect(verified.output.contains("finding: "), sourceLocation: sourceLocation)
        #expect(verified.errors.contains(words), "\(verified.errors)", sourceLocation: sourceLocation)
    }

    @Test("a key file that others can reach, or that is no plain file, is refused with what to do")
    func keyFiles() async throws {
        try await withIdentity { keys, folder in
            let path = folder.path("home/identity.key")
            let aside = folder.path("aside")
            for mode in [0o644, 0o640, 0o604, 0o660] {
                try setMode(mode, path)
                try await expectRefusal(keys, 77, saying: "chmod 600")
            }
            try setMode(0o600, path)
            try setMode(0o750, keys.home)
            try await expectRefusal(keys, 77, saying: "chmod 700")
            try setMode(0o700, keys.home)

            try FileManager.default.moveItem(atPath: path, toPath: aside)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: aside)
            try await expectRefusal(keys, 77, saying: "symbolic link")
            expectFailure(try await keys("generate", "--no-passphrase"), saying: "exists")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.linkItem(atPath: aside, toPath: path)
            try await expectRefusal(keys, 77, saying: "hard links")
            try FileManager.default.removeItem(atPath: path)
            try folder.makePipe("home/identity.key")
            try await expectRefusal(keys, 78, saying: "not a plain file")
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try await expectRefusal(keys, 78, saying: "not a plain file")
            try FileManager.default.removeItem(atPath: path)
            // A link that leads nowhere is something, too: nothing is made through it.
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder.path("new"))
            expectFailure(try await keys("generate", "--no-passphrase"), saying: "exists")
            #expect(!FileManager.default.fileExists(atPath: folder.path("new")))
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: aside, toPath: path)
            #expect(try await keys("verify").exitCode == 0)
            if try folder.giveAway("home/identity.key", toUser: 12345) {
                try await expectRefusal(keys, 77, saying: "belongs to user 12345")
            }
        }
    }

    @Test("a key file with other content is refused, and never replaced by a new identity")
    func keyContents() async throws {
        try await withIdentity { keys, folder in
            let path = folder.path("home/identity.key")
            let good = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            for (content, words) in [
                (String(good.prefix(90)), "backup"), (good.replacing("\n", with: "\r\n"), "line ends"),
                (good.replacing("RHIZOME", with: "OPENSSH"), "doesn't start"), ("", "doesn't start"),
                (String(repeating: "x", count: 5000), "more than"),
            ] {
                try write(content, path)
                try setMode(0o600, path)
                try await expectRefusal(keys, 78, saying: words)
                expectFailure(try await keys("generate", "--no-passphrase"), saying: "exists")
                expectFailure(try await keys("generate", "--no-passphrase", "--force"), 78)
                #expect(try String(contentsOf: URL(filePath: path), encoding: .utf8) == content)
            }
        }
    }

    @Test("a full disk leaves no partial file, and the old identity where there was one")
    func fullDisk() async throws {
        try await withIdentity { keys, folder in
            // A limit on the size of files, with its signal ignored, fails as a full disk does.
            let full = "trap '' XFSZ; ulimit -f 0"
            let empty = try KeysCommand(home: folder.path("empty"))
            expectFailure(try await empty.shell(full, "generate --no-passphrase"), 74, saying: "no room left")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("empty")).isEmpty)

            let before = try await keys.json("show")
            expectFailure(try await keys.shell(full, "generate --no-passphrase --force"), 74, saying: "no room left")
            #expect(try await keys.json("show") == before)
            let peer = try Identity.generate().publicKey.did
            expectFailure(try await keys.shell(full, "trust \(peer) --name bob"), 74, saying: "no room left")
            #expect(try await keys.json("list") == [])
            #expect(try await keys("verify").exitCode == 0)
            #expect(try await keys("trust", peer, "--name", "bob").exitCode == 0)
        }
    }

    @Test("notes and reasons can do nothing to a terminal")
    func terminal() async throws {
        try await withIdentity { keys, _ in
            let peer = try Identity.generate().publicKey.did
            let evil = "\u{1b}[2J\u{1b}]0;x\u{7}\n0  trust  mallory\r\u{202e}gpj.exe\u{9b}31m"
            #expect(try await keys("trust", peer, "--name", "bob", "--note", evil).exitCode == 0)
            #expect(try await keys("distrust", "bob", "--reason", evil).exitCode == 0)
            for arguments in [["list", "--all"], ["history"]] {
                let text = try await BuiltCommand("rhizome-keys")
                    .run(arguments, environment: ["RHIZOME_HOME": keys.home]).output
                for scalar in text.unicodeScalars where scalar != "\n" {
                    #expect(![.control, .format].contains(scalar.properties.generalCategory), "\(scalar.value)")
                }
                #expect(text.split(separator: "\n").count == (arguments.count == 2 ? 1 : 2))
            }
            #expect(try await keys.json("list", "--all").array?.first?.object?["reason"] == .string(evil))
            let unknown = try await keys("distrust", evil)
            #expect(!unknown.errors.contains("\u{1b}"))
        }
    }

    @Test("an edited, cut or reordered journal stops every command, with the statement's number")
    func journal() async throws {
        try await withIdentity { keys, folder in
            let path = folder.path("home/trust.journal")
            for name in ["a", "b", "c"] {
                #expect(try await keys("trust", try Identity.generate().publicKey.did, "--name", name).exitCode == 0)
            }
            let owner = try #require(
                PublicKey(did: String(try await keys("show", "--format", "did").output.dropLast()))
            )
            let journal = TrustJournal(home: try Home.open(keys.home), owner: owner)
            let list = try journal.load().list
            try journal.recordSeen(list)
            let good = try Data(contentsOf: URL(filePath: path))
            func expectStop(_ bytes: Data, _ words: String) async throws {
                try bytes.write(to: URL(filePath: path))
                expectFailure(try await keys("list"), 78, saying: words, "backup")
                expectFailure(try await keys("history"), 78, saying: words)
                let peer = try Identity.generate().publicKey.did
                expectFailure(try await keys("trust", peer, "--name", "d"), 78, saying: words)
                #expect(try await keys("verify").exitCode == 1)
                #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
            }
            var flipped = good
            flipped[good.count / 2] ^= 1
            try await expectStop(flipped, "statement 1")
            try await expectStop(good.dropFirst(list.statements[0].signed.encoded.count), "statement 0")
            try await expectStop(good + [0], "statement 3")
            // A cut tail is what the witness is for.
            try good.dropLast(list.statements[2].signed.encoded.count).write(to: URL(filePath: path))
            let verified = try await keys("verify")
            #expect(verified.exitCode == 1)
            #expect(verified.errors.contains("cut"))
            try good.write(to: URL(filePath: path))
            #expect(try await keys("verify").exitCode == 0)
            try setMode(0o644, path)
            let exposed = try await keys("verify")
            #expect(exposed.exitCode == 1)
            #expect(exposed.output.contains("chmod 600"))
        }
    }

    @Test("a missing witness beside a store is found, every command says so, and accepting the journal makes it anew")
    func missingWitness() async throws {
        try await withIdentity { keys, folder in
            #expect(try await keys("trust", try Identity.generate().publicKey.did, "--name", "a").exitCode == 0)
            #expect(try await keys("verify").exitCode == 0, "no node has run yet")
            _ = try Home.open(keys.home).data(creating: true)
            try Data().write(to: URL(filePath: folder.path("home/data/store.sqlite")))
            try folder.setMode(0o600, of: "home/data/store.sqlite")
            let verified = try await keys("verify")
            #expect(verified.exitCode == 1)
            let way = "look through rhizome-keys history and, if nothing that you stated is missing there"
            for words in ["data/trust.seen is missing", way, "run: rhizome-keys verify --accept"] {
                #expect(verified.errors.contains(words))
            }
            let peer = try Identity.generate().publicKey.did
            for outcome in [
                try await keys("list"), try await keys("history"), try await keys("trust", peer, "--name", "b"),
                try await keys("distrust", "b"),
            ] {
                #expect(outcome.exitCode == 0)
                #expect(outcome.errors.hasPrefix("warning: data/trust.seen is missing"), "\(outcome.errors)")
                #expect(outcome.errors.contains(way))
            }
            let accepted = try await keys("verify", "--accept")
            #expect(accepted.exitCode == 0, "\(accepted.errors)")
            #expect(accepted.output.contains("its last statement: 2  "), "\(accepted.output)")
            #expect(try await keys("list").errors.isEmpty)
            // What the witness knows is missed from then on, until that is accepted as well.
            try FileManager.default.removeItem(atPath: folder.path("home/trust.journal"))
            let cut = try await keys("verify")
            #expect(cut.exitCode == 1 && cut.errors.contains("cut or replaced") && cut.errors.contains(way))
            #expect(try await keys("list").errors.contains("warning: trust.journal was cut or replaced"))
            let emptied = try await keys("verify", "--accept")
            #expect(emptied.exitCode == 0 && emptied.output.contains("its last statement: none"), "\(emptied.output)")
        }
    }

    @Test("a torn last write is taken away and told, once")
    func tornWrite() async throws {
        try await withIdentity { keys, folder in
            let path = folder.path("home/trust.journal")
            for name in ["a", "b"] {
                #expect(try await keys("trust", try Identity.generate().publicKey.did, "--name", name).exitCode == 0)
            }
            let good = try Data(contentsOf: URL(filePath: path))
            try good.dropLast(10).write(to: URL(filePath: path))
            let listed = try await keys("list")
            #expect(listed.exitCode == 0)
            #expect(listed.errors.contains("torn"))
            #expect(try await keys("list").errors.isEmpty)
            #expect(try await keys.json("list").array?.count == 1)
        }
    }

    @Test("a byte-order mark or another unseen character in what was pasted or saved is named")
    func unseenCharacters() async throws {
        try await withIdentity { keys, folder in
            let card = try Identity.generate().publicKey.card(name: "bob")
            let file = folder.path("bob.card")
            try write("\u{feff}" + card, file)
            expectFailure(try await keys("trust", file), 65, saying: "line 1", "U+FEFF (byte-order mark)")
            let batch = try await keys("trust", "-", input: "\u{feff}# friends\n" + card)
            expectFailure(batch, 65, saying: "byte-order mark")
            expectFailure(try await keys("trust", card + "\u{200b}"), 65, saying: "U+200B (zero width space)")
            expectFailure(try await keys("distrust", "\u{200b}bob"), 65, saying: "U+200B (zero width space)")
            try Data([0xff, 0xfe, 0x72, 0]).write(to: URL(filePath: file))
            expectFailure(try await keys("trust", file), 65, saying: "UTF-16", "save it as UTF-8")
            try write("\u{feff}pass\n", file)
            let sealed = ["generate", "--passphrase-file", file, "--home", folder.path("sealed")]
            expectFailure(try await keys(sealed), 78, saying: "U+FEFF (byte-order mark)", "UTF-8 without")
            #expect(try await keys.json("list") == [])
        }
    }

    @Test("a journal that ends in zeros is refused with what that is, and is well again by the command that is told")
    func zeroedTail() async throws {
        try await withIdentity { keys, folder in
            let path = folder.path("home/trust.journal")
            for name in ["a", "b"] {
                #expect(try await keys("trust", try Identity.generate().publicKey.did, "--name", name).exitCode == 0)
            }
            let good = try Data(contentsOf: URL(filePath: path))
            try (good + Data(count: 300)).write(to: URL(filePath: path))
            let told = "truncate -s \(good.count) '\(path)'"
            for outcome in [try await keys("list"), try await keys("trust", peer, "--name", "c")] {
                expectFailure(outcome, 78, saying: "statement 2", "300 zero bytes", "power loss", told, "backup")
            }
            #expect(try await keys("verify").output.contains(told))
            #expect(try Data(contentsOf: URL(filePath: path)) == good + Data(count: 300))
            #expect(try await BuiltCommand("sh", in: "/bin").run(["-c", told]).exitCode == 0)
            #expect(try await keys("trust", peer, "--name", "c").exitCode == 0)
            #expect(try await keys("verify").exitCode == 0)
        }
    }

    @Test("mirror images, own keys and keys of small order are refused")
    func badKeys() async throws {
        try await withIdentity { keys, _ in
            let own = String(try await keys("show", "--format", "did").output.dropLast())
            expectFailure(try await keys("trust", own, "--name", "me"), saying: "this identity itself")
            expectFailure(try await keys("distrust", own), saying: "this identity itself")
            let peer = try Identity.generate().publicKey
            #expect(try await keys("trust", peer.did, "--name", "bob").exitCode == 0)
            #expect(try await keys("distrust", "bob").exitCode == 0)
            var bytes = peer.bytes.array
            bytes[31] ^= 0x80
            let mirror = try #require(PublicKey(bytes)).did
            expectFailure(try await keys("trust", mirror, "--name", "eve"), saying: "mirror image")
            let small = "did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"
            expectFailure(try await keys("trust", small, "--name", "zero"), 65, saying: "not a peer")
        }
    }

    @Test("core dumps are off before the secret is touched")
    func coreDumps() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let keys = try KeysCommand(home: folder.path("home"))
                let fifo = folder.path("fifo")
                try folder.makePipe("fifo")
                // It waits for the passphrase at the pipe.
                let (_, code) = try await keys.running("generate", "--passphrase-file", fifo) { running in
                    let writer = try FileHandle(forWritingTo: URL(filePath: fifo))
                    let limits = try String(contentsOfFile: "/proc/\(running.processID)/limits", encoding: .utf8)
                    let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
                    #expect(core.split(separator: " ").suffix(3).prefix(2) == ["0", "0"])
                    try writer.write(contentsOf: Data("pass".utf8))
                    try writer.close()
                    try await running.end()
                }
                #expect(code == 0)
            }
        }
    }
}
