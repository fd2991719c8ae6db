import Bytes
import Foundation
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@Suite struct KeysCommandTests {
    private let peer = "did:key:z6MkfY3RuB9vUCAzMGKBEPhNHRVDJCJmk53QDL9wp24Ke16X"
    private let sshLine =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAVU6UoNOcuB6anmNRlkQuB23C0x5vRKexiHsU4vmrI"

    @Test("an identity is made, shown in every form, and never overwritten")
    func generateAndShow() async throws {
        try await withIdentity { keys, folder in
            let shown = try await keys.json("show")
            let object = try #require(shown.object)
            #expect(object.members.map(\.name) == ["did", "name", "fingerprint", "transportKey", "card", "ssh"])
            let did = try #require(object["did"]?.text?.string)
            let key = try #require(PublicKey(did: did))
            #expect(object["name"] == "alice")
            for (format, expected) in [
                ("did", key.did), ("ssh", key.sshLine(name: "alice")), ("card", key.card(name: "alice")),
                ("fingerprint", key.fingerprint), ("z85", Z85.encode(key.transportKey?.array ?? []) ?? ""),
            ] {
                #expect(try await keys("show", "--format", format).output == expected + "\n")
            }
            let card = try await keys("show", "--format", "card", "--address", "[::1]:4000").output
            #expect(card == key.card(address: PeerAddress("[::1]:4000"), name: "alice") + "\n")
            expectFailure(try await keys("generate", "--no-passphrase"), saying: "exists", "--force")
            #expect(try await keys.json("show") == shown)
            let file = try FileManager.default.attributesOfItem(atPath: folder.path("home/identity.key"))
            #expect(file[.posixPermissions] as? Int == 0o600)
            let home = try FileManager.default.attributesOfItem(atPath: folder.path("home"))
            #expect(home[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test("what a person does to the list shows in list and history")
    func trustAndDistrust() async throws {
        try await withIdentity { keys, folder in
            #expect(try await keys.json("list") == [])
            let card = peer.replacing("did:key:", with: "rhizome://") + "@example.org:4000?name=bob"
            #expect(try await keys("trust", card).exitCode == 0)
            let entry = try #require(try await keys.json("list").array?.first?.object)
            #expect(entry["did"] == .string(peer))
            #expect(entry["name"] == "bob")
            #expect(entry["action"] == "trust")
            #expect(entry["addresses"] == ["example.org:4000"])
            #expect(entry["may"] == ["author", "connect"])
            #expect(entry["until"] == .null)
            #expect(entry["note"] == .null)
            #expect(entry["time"]?.integer ?? 0 > 1_700_000_000_000_000)

            // What the options don't mention is carried over.
            #expect(
                try await keys("trust", "bob", "--until", "2099-01-01", "--note", "n", "--may", "connect").exitCode == 0
            )
            #expect(try await keys("trust", peer, "--name", "robert").exitCode == 0)
            let changed = try #require(try await keys.json("list").array?.first?.object)
            #expect(changed["name"] == "robert")
            #expect(changed["addresses"] == ["example.org:4000"])
            #expect(changed["may"] == ["connect"])
            #expect(changed["until"] == 4_070_908_800_000_000)
            #expect(changed["note"] == "n")
            #expect(
                try await keys("trust", "robert", "--until", "never", "--note", "", "--address", "none").exitCode == 0
            )
            let cleared = try #require(try await keys.json("list").array?.first?.object)
            #expect(cleared["until"] == .null)
            #expect(cleared["note"] == .null)
            #expect(cleared["addresses"] == [])

            let id = String(repeating: "ab", count: 32)
            #expect(try await keys("distrust", "robert", "--keep", id, "--reason", "lost").exitCode == 0)
            #expect(try await keys.json("list") == [])
            let all = try #require(try await keys.json("list", "--all").array?.first?.object)
            #expect(all["action"] == "distrust")
            #expect(all["keep"] == [.string(id)])
            #expect(all["reason"] == "lost")
            let history = try #require(try await keys.json("history").array)
            #expect(history.map { $0.object?["sequence"]?.integer } == [0, 1, 2, 3, 4])
            #expect(history.map { $0.object?["action"] } == ["trust", "trust", "trust", "trust", "distrust"])
            #expect(history[1].object?["previous"] == history[0].object?["id"])
            #expect(try await keys("verify").exitCode == 0)
        }
    }

    @Test("history tells what each change did, and the list of a moment is that of then")
    func historyText() async throws {
        try await withIdentity { keys, _ in
            #expect(try await keys("trust", peer, "--name", "bob", "--note", "met him").exitCode == 0)
            #expect(try await keys("trust", "bob", "--name", "robert", "--may", "connect").exitCode == 0)
            let between = try #require(try await keys.json("history").array?.last?.object?["time"]?.integer)
            #expect(try await keys("distrust", "robert", "--keep", "none", "--reason", "lost").exitCode == 0)
            let lines = try await keys("history").output.split(separator: "\n").map(String.init)
            #expect(lines.count == 3)
            #expect(lines[0].hasSuffix("may author,connect; note \"met him\""), "\(lines)")
            #expect(lines[1].hasSuffix("was called bob; may connect, before may author,connect"), "\(lines)")
            #expect(lines[2].contains("  distrust  robert  \(peer)  keep none: views drop all of it"), "\(lines)")
            #expect(lines[2].hasSuffix("reason \"lost\""), "\(lines)")
            // In columns: what it is about begins at the same place.
            #expect(Set(lines.map { $0.range(of: "did:key:")?.lowerBound.utf16Offset(in: $0) }).count == 1, "\(lines)")

            let all = try await keys("list", "--all").output
            #expect(all == "distrusted  robert  \(peer)  keep none  reason \"lost\"\n", "\(all)")
            #expect(try await keys.json("list", "--all").array?.first?.object?["lastName"] == "robert")
            #expect(try await keys.json("list") == [])
            let then = try #require(Timestamp(microseconds: between).description as String?)
            let entries = try await keys.json("list", "--as-of", then)
            #expect(entries.array?.first?.object?["name"] == "robert", "\(then): \(entries)")
            #expect(try await keys.json("list", "--as-of", "2020-01-01") == [])
            #expect(try await keys("list", "--as-of", "yesterday").exitCode == 64)
        }
    }

    @Test("an entry past its end is listed only with --all")
    func expired() async throws {
        try await withIdentity { keys, _ in
            let outcome = try await keys("trust", peer, "--name", "bob", "--until", "2020-01-01")
            #expect(outcome.exitCode == 0)
            #expect(outcome.errors.contains("past"))
            #expect(try await keys.json("list") == [])
            #expect(try await keys.json("list", "--all").array?.first?.object?["expired"] == true)
            expectFailure(
                try await keys("trust", try Identity.generate().publicKey.did, "--name", "bob"),
                saying: "bob",
                "--name"
            )
        }
    }

    @Test("a peer is taken from a did, an SSH line, a .pub file and a prefix")
    func peerForms() async throws {
        try await withIdentity { keys, folder in
            try Data((sshLine + " laptop.example\n").utf8).write(to: URL(filePath: folder.path("bob.pub")))
            #expect(try await keys("trust", folder.path("bob.pub")).exitCode == 0)
            #expect(try await keys.json("list").array?.first?.object?["name"] == "laptop.example")
            #expect(try await keys("trust", String(peer.dropFirst(8)), "--name", "bob").exitCode == 0)
            #expect(try await keys("trust", sshLine + " bob@laptop", "--note", "x").exitCode == 0)
            #expect(try await keys.json("list").array?.first?.object?["name"] == "bob")
            #expect(try await keys("distrust", String(peer.dropFirst(8).prefix(8))).exitCode == 0)
            #expect(try await keys("trust", sshLine + " bob@laptop").exitCode == 0)
            #expect(try await keys.json("list").array?.first?.object?["name"] == "bob")
            let other = try Identity.generate().publicKey
            expectFailure(try await keys("trust", other.did), 64, saying: "--name")
            expectFailure(try await keys("trust", other.sshLine(name: nil) + " bob@laptop"), 64, saying: "--name")
        }
    }

    @Test("after a distrust the entry is again as it was, whichever way the peer is given, and is printed whole")
    func trustAgain() async throws {
        try await withIdentity { keys, folder in
            let named = ["trust", peer, "--name", "bob", "--address", "example.org:4000", "--note", "guest"]
            #expect(try await keys(named + ["--may", "connect", "--until", "2099-01-01"]).exitCode == 0)
            let card = peer.replacing("did:key:", with: "rhizome://") + "@example.com:5000?name=robert"
            try Data((sshLine + "\n").utf8).write(to: URL(filePath: folder.path("bob.pub")))
            let whole = [
                "bob", peer, "may connect", "at example.org:4000", "until 2099-01-01T00:00:00Z", "note \"guest\"",
            ]
            let ways: [(arguments: [String], input: String, changed: [String])] = [
                (["bob"], "", whole),
                ([peer], "", whole),
                ([folder.path("bob.pub")], "", whole),
                (["-"], "# again\n" + sshLine + " bob@laptop\n", whole),
                (["bob", "--may", "author,connect"], "", whole.map { $0 == whole[2] ? "may author,connect" : $0 }),
                (["bob", "--may", "connect"], "", whole),
                ([card], "", whole.map { $0 == whole[3] ? "at example.com:5000" : $0 }),
                (
                    ["-", "--until", "never"], card + "\n",
                    [whole[0], whole[1], whole[2], "at example.com:5000", whole[5]]
                ),
            ]
            for way in ways {
                #expect(try await keys("distrust", "bob", "--reason", "lost").exitCode == 0)
                let outcome = try await keys(["trust"] + way.arguments, input: way.input)
                #expect(outcome.output == "trusted " + way.changed.joined(separator: "  ") + "\n", "\(way.arguments)")
            }
            // An end that has passed is not carried over a distrust, but is without one.
            #expect(try await keys("trust", "bob", "--until", "2020-01-01").exitCode == 0)
            let kept = try await keys("trust", "bob", "--note", "x")
            #expect(kept.output.contains("until 2020-01-01T00:00:00Z"))
            #expect(kept.errors.contains("is past"))
            #expect(try await keys("distrust", "bob").exitCode == 0)
            let anew = try await keys("trust", "bob")
            #expect(!anew.output.contains("until"))
            #expect(anew.errors.isEmpty)
            // What another peer is called meanwhile is not taken from it.
            #expect(try await keys("distrust", "bob").exitCode == 0)
            #expect(try await keys("trust", try Identity.generate().publicKey.did, "--name", "bob").exitCode == 0)
            expectFailure(try await keys("trust", peer), saying: "bob is what you call", "--name")
            #expect(try await keys("trust", peer, "--name", "robert").output.contains("may connect"))
        }
    }

    @Test("a distrusted peer is still called by its petname, and gets it back with trust")
    func formerNames() async throws {
        try await withIdentity { keys, _ in
            #expect(try await keys("trust", peer, "--name", "bob").exitCode == 0)
            #expect(try await keys("distrust", "bob").exitCode == 0)
            #expect(try await keys("distrust", "bob", "--keep", "none").exitCode == 0)
            #expect(try await keys.json("list", "--all").array?.first?.object?["keep"] == "none")
            #expect(try await keys("trust", "bob").exitCode == 0)
            #expect(try await keys.json("list").array?.first?.object?["name"] == "bob")
            // A name that another peer has now is no longer the first one's.
            #expect(try await keys("distrust", "bob").exitCode == 0)
            let other = try Identity.generate().publicKey
            #expect(try await keys("trust", other.did, "--name", "bob").exitCode == 0)
            #expect(try await keys("distrust", "bob").output.contains(other.did))
            expectFailure(try await keys("trust", "bob"), 65, saying: "no peer in the list")
            expectFailure(try await keys("distrust", "bob"), saying: "several peers")
        }
    }

    @Test("a peer is distrusted by its card and its SSH line")
    func distrustForms() async throws {
        try await withIdentity { keys, _ in
            #expect(try await keys("trust", peer, "--name", "bob").exitCode == 0)
            let card = peer.replacing("did:key:", with: "rhizome://") + "@example.org:4000?name=bob"
            for text in [card, sshLine + " bob@laptop"] {
                let outcome = try await keys("distrust", text)
                #expect(outcome.output.contains(peer), "\(outcome.errors)")
            }
            expectFailure(try await keys("distrust", card + "&x"), 65, saying: "card")
            expectFailure(try await keys("distrust", "carol"), saying: "nobody")
        }
    }

    @Test("what can't be what it was given for is told what belongs there")
    func misplaced() async throws {
        try await withIdentity { keys, folder in
            let folders = try await keys("trust", folder.path)
            expectFailure(folders, 65, saying: "is a folder", "a did, a card or an SSH line")
            let file = folder.path("id")
            let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----\n"
            try Data(key.utf8).write(to: URL(filePath: file))
            expectFailure(try await keys("trust", file), 65, saying: "private key", ".pub")
            expectFailure(try await keys("list", "--home", file), 78, saying: "is a file", "--home")
            expectFailure(try await keys("generate", "--no-passphrase", "--home", file), 78, saying: "is a file")
            let missing = try await keys(
                "generate",
                "--home",
                folder.path("new"),
                "--passphrase-file",
                folder.path("none")
            )
            expectFailure(missing, 78, saying: "does not exist; write the passphrase into it")
            #expect(!FileManager.default.fileExists(atPath: folder.path("new")))
        }
    }

    @Test(
        "a value that can't be used is told its form",
        arguments: [
            (["trust", "x", "--until", "tomorrow"], ["2027-12-31", "RFC 3339", "never"]),
            (["trust", "x", "--address", "localhost"], ["a host and a port, as bob.example.org:4000"]),
            (["show", "--address", "localhost"], ["a host and a port, as bob.example.org:4000"]),
            (["trust", "x", "--may", "fly"], ["author, connect or introduce"]),
            (["distrust", "x", "--keep", "some"], ["all, none, or up to 64 ids"]),
        ] as [([String], [String])]
    )
    func forms(arguments: [String], words: [String]) async throws {
        let outcome = try await BuiltCommand("rhizome-keys").run(arguments)
        #expect(outcome.exitCode == 64)
        for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    }

    @Test("a card without an address is remarked on, where a person reads it")
    func missingAddress() async throws {
        try await withIdentity { keys, _ in
            let bare = try await keys("show")
            #expect(bare.errors.contains("--address HOST:PORT"))
            for outcome in [
                try await keys("show", "--address", "[::1]:4000"), try await keys("show", "--json"),
                try await keys("show", "--format", "card"),
            ] { #expect(outcome.errors.isEmpty, "\(outcome.errors)") }
        }
    }

    @Test(
        "a key of ssh-keygen is trusted from its .pub file, under the same fingerprint",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/ssh-keygen"))
    )
    func sshKeygen() async throws {
        try await withIdentity { keys, folder in
            let keygen = BuiltCommand("ssh-keygen", in: "/usr/bin")
            let made = try await keygen.run(["-q", "-t", "ed25519", "-N", "", "-C", "carol", "-f", folder.path("id")])
            #expect(made.exitCode == 0)
            #expect(try await keys("trust", folder.path("id.pub")).exitCode == 0)
            let did = try #require(try await keys.json("list").array?.first?.object?["did"]?.text?.string)
            let printed = try await keygen.run(["-l", "-f", folder.path("id.pub")]).output
            #expect(printed.contains(try #require(PublicKey(did: did)).fingerprint))
            try await Data(keys("show", "--format", "ssh").output.utf8).write(to: URL(filePath: folder.path("own.pub")))
            let own = try await keygen.run(["-l", "-f", folder.path("own.pub")]).output
            #expect(own.contains(try await keys("show", "--format", "fingerprint").output.dropLast()))
            let rsa = try await keygen.run(["-q", "-t", "ecdsa", "-N", "", "-f", folder.path("ec")])
            #expect(rsa.exitCode == 0)
            expectFailure(try await keys("trust", folder.path("ec.pub")), 65, saying: "ssh-keygen -t ed25519")
        }
    }

    @Test("a batch is taken under one lock and one passphrase, all of it or nothing")
    func batch() async throws {
        try await withIdentity { keys, _ in
            let cards = try (0..<20).map { try Identity.generate().publicKey.card(name: "peer\($0)") }
            let text = "# friends\r\n\n" + cards.joined(separator: "\r\n") + "\n"
            let outcome = try await keys("trust", "-", input: text)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(try await keys.json("list").array?.count == 20)
            let fresh = try Identity.generate().publicKey
            for (bad, exitCode) in [
                (fresh.did, 65), ("nonsense", 65), (fresh.card(name: "peer3"), 1), (cards[0] + "&x=y", 65),
            ] as [(String, Int32)] {
                let other = try Identity.generate().publicKey.card(name: "other")
                let outcome = try await keys("trust", "-", input: other + "\n" + bad + "\n")
                expectFailure(outcome, exitCode, saying: "line 2")
            }
            expectFailure(try await keys("trust", "-", input: ""), 65, saying: "no peer")
            #expect(try await keys.json("history").array?.count == 20)
        }
    }

    @Test("fifty at once, each a process of its own, all get their statement in")
    func concurrentTrust() async throws {
        try await withIdentity { keys, _ in
            try await withThrowingTaskGroup(of: Int32.self) { group in
                for number in 0..<50 {
                    let did = try Identity.generate().publicKey.did
                    group.addTask { try await keys("trust", did, "--name", "peer\(number)").exitCode }
                }
                for try await code in group { #expect(code == 0) }
            }
            #expect(try await keys.json("list").array?.count == 50)
            #expect(try await keys("verify").exitCode == 0)
        }
    }

    @Test("a sealed key needs its passphrase, from a file, to sign but not to be shown")
    func passphrases() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let keys = try KeysCommand(home: folder.path("home"))
                let good = folder.path("good")
                let bad = folder.path("bad")
                try Data("correct horse ü\n".utf8).write(to: URL(filePath: good))
                try Data("wrong".utf8).write(to: URL(filePath: bad))
                try Data("\n".utf8).write(to: URL(filePath: folder.path("empty")))
                expectFailure(try await keys("generate"), 64, saying: "--passphrase-file", "--no-passphrase")
                expectFailure(
                    try await keys("generate", "--passphrase-file", folder.path("empty")),
                    78,
                    saying: "no passphrase"
                )
                expectFailure(
                    try await keys("generate", "--passphrase-file", folder.path("none")),
                    78,
                    saying: "does not exist"
                )
                let made = try await keys("generate", "--passphrase-file", good)
                #expect(made.exitCode == 0, "\(made.errors)")
                let file = try Data(contentsOf: URL(filePath: folder.path("home/identity.key")))
                #expect(!String(decoding: file, as: UTF8.self).contains("correct"))
                #expect(try await keys("show").output.contains("sealed by a passphrase"))
                expectFailure(try await keys("trust", peer, "--name", "bob"), 77, saying: "--passphrase-file")
                expectFailure(
                    try await keys("trust", peer, "--name", "bob", "--passphrase-file", bad),
                    77,
                    saying: "wrong passphrase"
                )
                #expect(try await keys.json("list") == [])
                let trusted = try await keys(
                    "trust",
                    peer,
                    "--name",
                    "bob",
                    environment: ["RHIZOME_PASSPHRASE_FILE": good]
                )
                #expect(trusted.exitCode == 0, "\(trusted.errors)")
                #expect(try await keys("verify", "--passphrase-file", good).exitCode == 0)
                #expect(try await keys("verify").exitCode == 0)
                #expect(try await keys("verify", "--passphrase-file", bad).exitCode == 1)
            }
        }
    }

    @Test("generate --force keeps the old key, journal and witness under the old fingerprint")
    func force() async throws {
        try await withIdentity { keys, folder in
            let old = try #require(PublicKey(did: String(try await keys("show", "--format", "did").output.dropLast())))
            #expect(try await keys("trust", peer, "--name", "bob").exitCode == 0)
            let home = try Home.open(keys.home)
            let journal = TrustJournal(home: home, owner: old)
            try journal.recordSeen(journal.load().list)
            let secret = try Data(contentsOf: URL(filePath: folder.path("home/identity.key")))
            // While a node runs nothing is changed.
            var lock = try Optional(home.lockData(for: "rhizome-node run"))
            expectFailure(try await keys("generate", "--no-passphrase", "--force"), 75, saying: "rhizome-node run")
            withExtendedLifetime(lock) {}
            lock = nil
            let outcome = try await keys("generate", "--no-passphrase", "--force")
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let suffix = old.fingerprint.replacing(":", with: "-").replacing("+", with: "-").replacing("/", with: "_")
            #expect(try Data(contentsOf: URL(filePath: folder.path("home/identity.key.\(suffix)"))) == secret)
            for name in ["trust.journal.\(suffix)", "data/trust.seen.\(suffix)"] {
                #expect(FileManager.default.fileExists(atPath: folder.path("home/\(name)")), "\(name)")
            }
            #expect(try await keys("show", "--format", "did").output.dropLast() != old.did)
            #expect(try await keys.json("list") == [])
            try Data().write(to: URL(filePath: folder.path("home/data/store.sqlite")))
            try folder.setMode(0o600, of: "home/data/store.sqlite")
            #expect(try await keys("verify").exitCode == 0, "the new list has a witness from the beginning")
        }
    }

    @Test("a journal left by another identity is not taken over")
    func leftovers() async throws {
        try await withIdentity { keys, folder in
            #expect(try await keys("trust", peer, "--name", "bob").exitCode == 0)
            try FileManager.default.removeItem(atPath: folder.path("home/identity.key"))
            expectFailure(try await keys("generate", "--no-passphrase"), saying: "trust.journal", "--force")
            #expect(try await keys("generate", "--no-passphrase", "--force").exitCode == 0)
            #expect(try await keys.json("list") == [])
        }
    }

    @Test("wrong usage exits 64, and help and version 0")
    func usage() async throws {
        try await withIdentity { keys, _ in
            for arguments in [
                ["nonsense"], ["trust"], ["trust", peer, "--may", "fly"], ["trust", peer, "--until", "soon"],
                ["trust", peer, "--name", "a b"], ["trust", peer, "--address", "host"], ["trust", "-", "--name", "x"],
                ["show", "--format", "x"], ["show", "--format", "did", "--json"], ["list", "--nope"],
                ["generate", "--no-passphrase", "--passphrase-file", "x"], ["distrust", peer, "--keep", "some"],
                ["distrust", peer, "--keep", "ab"], ["show", "--home", ""], ["invite"], ["invite", "a b"],
                ["invite", "bob", "--list"], ["invite", "bob", "--expires", "31d", "--address", "h:1"],
                ["invite", "bob", "--expires", "0d", "--address", "h:1"], ["invite", "bob", "--address", "h"], ["join"],
                ["join", "rhizome-invite://x", "--name", "a b"],
            ] {
                let outcome = try await BuiltCommand("rhizome-keys").run(
                    arguments,
                    environment: ["RHIZOME_HOME": keys.home]
                )
                #expect(outcome.exitCode == 64, "\(arguments): \(outcome.errors)")
            }
            for command in [
                "", "generate", "show", "invite", "join", "confirm", "trust", "distrust", "list", "history", "verify",
            ] {
                let outcome = try await BuiltCommand("rhizome-keys").run(
                    [command, "--help"].filter { !$0.isEmpty },
                    environment: ["COLUMNS": "200"]
                )
                #expect(outcome.exitCode == 0)
                // What is to be pasted isn't wrapped on a terminal of 80 columns.
                for line in outcome.output.split(separator: "\n") where line.hasPrefix("  rhizome-keys ") {
                    #expect(line.count <= 76, "\(line)")
                }
                #expect(outcome.output.contains("USAGE: rhizome-keys"))
                #expect(command.isEmpty || outcome.output.contains("Example"))
            }
            #expect(try await keys("--version").output == "0.1.0\n")
        }
    }

    @Test("the home comes from --home, else RHIZOME_HOME, else ~/.rhizome")
    func homes() async throws {
        try await withIdentity { keys, folder in
            let command = try BuiltCommand("rhizome-keys")
            let made = try await command.run(["generate", "--no-passphrase"], environment: ["HOME": folder.path])
            #expect(made.exitCode == 0, "\(made.errors)")
            #expect(FileManager.default.fileExists(atPath: folder.path(".rhizome/identity.key")))
            let other = try await command.run(
                ["show", "--format", "did", "--home", keys.home],
                environment: ["HOME": folder.path, "RHIZOME_HOME": "/nonexistent"]
            )
            #expect(other.output == (try await keys("show", "--format", "did").output))
            expectFailure(
                try await command.run(["show"], environment: ["RHIZOME_HOME": folder.path("none")]),
                78,
                saying: "rhizome-keys generate --home"
            )
        }
    }
}
