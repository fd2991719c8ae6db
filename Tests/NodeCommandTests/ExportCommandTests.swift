import Bytes
import Foundation
import RhizomeTesting
import StrictJSON
import Testing

@Suite struct ExportCommandTests {
    private static func json(_ text: String) throws -> JSONValue {
        try JSONValue(parsing: Array(try #require(text.split(separator: "\n").last).utf8))
    }

    private static func ask(_ home: NodeHome, _ arguments: String...) async throws -> BuiltCommand.Outcome {
        try await home.node.run(arguments + ["--home", home.path])
    }

    @Test("what one home exports another takes in, once; who isn't trusted is told, and the rest comes later")
    func exchange() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let (alice, bob) = (
                    try await NodeHome.make("alice", in: folder), try await NodeHome.make("bob", in: folder)
                )
                try await alice.running { node in
                    for number in 0..<5 { _ = try await node.put("/api/user/u\(number)", "{\"name\": \"n\(number)\"}") }
                }
                let (file, later) = (folder.path("all.deltas"), folder.path("later.deltas"))
                let export = try await Self.ask(alice, "export", "-o", file)
                #expect(export.exitCode == 0 && export.errors.contains("5 deltas"), "\(export.errors)")
                #expect(export.errors.contains("--since 5"))

                // Nobody trusts her yet.
                let refused = try await Self.ask(bob, "import", file)
                #expect(refused.exitCode == 1)
                #expect(refused.output.hasPrefix("5 deltas not taken in: the author isn't trusted; rhizome-keys trust"))
                try await bob.trust(alice)
                let taken = try await Self.ask(bob, "import", "--json", file)
                #expect(taken.exitCode == 0, "\(taken.errors)")
                #expect(try Self.json(taken.output).object?["accepted"] == .integer(5))
                let again = try await Self.ask(bob, "import", file)
                #expect(again.exitCode == 0 && again.output == "5 deltas held already\n", "\(again.output)")
                #expect(try await bob.audit().exitCode == 0)

                // What is exported again is the same, byte for byte.
                let copy = folder.path("copy.deltas")
                #expect(try await Self.ask(bob, "export", "--author", "alice", "-o", copy).exitCode == 0)
                #expect(try Data(contentsOf: URL(filePath: copy)) == Data(contentsOf: URL(filePath: file)))

                try await alice.running { node in _ = try await node.put("/api/user/u1", "{\"name\": \"other\"}") }
                #expect(try await Self.ask(alice, "export", "--since", "5", "-o", later).exitCode == 0)
                let one = try await Self.ask(bob, "import", later)
                #expect(one.output == "1 delta taken in\n", "\(one.output) \(one.errors)")
                let about = try await Self.ask(alice, "export", "--entity", "user/u1", "-o", copy)
                #expect(about.errors.contains("2 deltas"), "\(about.errors)")
            }
        }
    }

    @Test("a cut file is imported up to the cut, a wrong delta is refused, and verify says so of either")
    func faults() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let (alice, bob) = (
                    try await NodeHome.make("alice", in: folder), try await NodeHome.make("bob", in: folder)
                )
                try await bob.trust(alice)
                try await alice.running { node in
                    for number in 0..<4 { _ = try await node.put("/api/user/u\(number)", "{\"name\": \"n\(number)\"}") }
                }
                let file = folder.path("all.deltas")
                #expect(try await Self.ask(alice, "export", "-o", file).exitCode == 0)
                let whole = try Data(contentsOf: URL(filePath: file))
                let good = try await bob.node.run(["verify", "--json", file])
                #expect(good.exitCode == 0, "\(good.errors)")
                #expect(try Self.json(good.output).object?["deltas"] == .integer(4))

                let cut = folder.path("cut.deltas")
                try whole.dropLast(10).write(to: URL(filePath: cut))
                let half = try await Self.ask(bob, "import", cut)
                #expect(half.exitCode == 65 && half.output == "3 deltas taken in\n", "\(half.output)")
                #expect(half.errors.contains("the file was cut"), "\(half.errors)")
                #expect(try await bob.node.run(["verify", cut]).exitCode == 65)
                let rest = try await Self.ask(bob, "import", file)
                #expect(rest.exitCode == 0 && rest.output.contains("1 delta taken in"), "\(rest.output)")

                // The last byte of all is one of the last body.
                var wrong = whole
                wrong[wrong.count - 1] ^= 1
                try wrong.write(to: URL(filePath: cut))
                let verified = try await bob.node.run(["verify", cut])
                #expect(verified.exitCode == 1)
                #expect(verified.output.contains("delta 4 doesn't hold"), "\(verified.output)")
                let carol = try await NodeHome.make("carol", in: folder)
                try await carol.trust(alice)
                let imported = try await Self.ask(carol, "import", cut)
                #expect(imported.exitCode == 1 && imported.output.contains("3 deltas taken in"), "\(imported.output)")
                #expect(imported.output.contains("1 delta refused: "), "\(imported.output)")
            }
        }
    }

    @Test("where a node runs, an import goes through it, which also signs what must be signed")
    func running() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let (alice, bob) = (
                    try await NodeHome.make("alice", in: folder), try await NodeHome.make("bob", in: folder)
                )
                let file = folder.path("all.deltas")
                try await alice.running { node in
                    for number in 0..<3 { _ = try await node.put("/api/user/u\(number)", "{\"name\": \"n\"}") }
                    let export = try await Self.ask(alice, "export", "-o", file)
                    #expect(export.exitCode == 0, "\(export.errors)")
                }
                try await bob.running { node in
                    let unknown = try await Self.ask(bob, "import", "--json", file)
                    #expect(unknown.exitCode == 1)
                    let deferred = try Self.json(unknown.output).object?["deferred"]
                    #expect(deferred == ["unknownAuthor": 3], "\(unknown.output) \(unknown.errors)")
                    try await bob.trust(alice)
                    // The node takes up what waited for trust by itself.
                    try await eventually("bob has them") { try await node.count == 3 }
                    let again = try await Self.ask(bob, "import", file)
                    #expect(again.exitCode == 0 && again.output == "3 deltas held already\n", "\(again.errors)")
                    let json = folder.path("deltas.json")
                    let foreign = #"[{"id": "d", "timeCreated": 1, "creator": "c", "host": "h", "pointers": {"a": 1}}]"#
                    try Data(foreign.utf8).write(to: URL(filePath: json))
                    let signed = try await Self.ask(bob, "import", "--from-rhizome", json)
                    #expect(signed.exitCode == 0 && signed.output.hasPrefix("1 delta written"), "\(signed.errors)")
                    #expect(try await node.count == 4)
                    let twice = try await Self.ask(bob, "import", "--from-rhizome", json)
                    #expect(twice.output.hasPrefix("0 deltas written"), "\(twice.output)")
                }
            }
        }
    }

    @Test("deltas of the TypeScript rhizome-node become this identity's, in both of their forms, once")
    func fromRhizome() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder)
                let file = folder.path("deltas.json")
                let text = """
                    [{"id": "d2", "timeCreated": 2000, "creator": "bob", "host": "h",
                      "pointers": {"film": {"the_matrix": "title"}, "title": "The Matrix"}},
                     {"id": "d1", "timeCreated": 1000, "creator": "bob", "host": "h",
                      "pointers": [{"localContext": "film", "target": "the_matrix", "targetContext": "title"},
                                   {"localContext": "title", "target": "Matrix"}]}]
                    """
                try Data(text.utf8).write(to: URL(filePath: file))
                let first = try await Self.ask(alice, "import", "--from-rhizome", file)
                #expect(first.exitCode == 0, "\(first.errors)")
                #expect(first.output.contains("2 deltas written"), "\(first.output)")
                let again = try await Self.ask(alice, "import", "--from-rhizome", file)
                #expect(again.output.contains("0 deltas written in this identity's name, 2 were"), "\(again.output)")
                try await alice.running { node in
                    // The later one won, by the order of their times.
                    let film = try await node.ask("/api/film/the_matrix").body
                    #expect(film.contains("\"The Matrix\""), "\(film)")
                    let original = try await node.ask("/api/lossless/rhizome:d1").body
                    for part in ["_imported", "\"_creator\":\"bob\"", "\"_timeCreated\":1000"] {
                        #expect(original.contains(part), "\(original)")
                    }
                }
                try Data("[{\"id\": 7}]".utf8).write(to: URL(filePath: file))
                let malformed = try await Self.ask(alice, "import", "--from-rhizome", file)
                #expect(malformed.exitCode == 65 && malformed.errors.contains("[0].id"), "\(malformed.errors)")
            }
        }
    }
}
