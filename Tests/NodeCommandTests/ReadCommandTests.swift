import Foundation
import RhizomeTesting
import Testing

/// The commands that read entities: whole processes on a store that a node has written, while it runs.
@Suite struct ReadCommandTests {
    /// A home whose node runs and holds two users and a film, one property of which was said twice.
    private func withStore(_ body: @escaping @Sendable (NodeHome, RunningNode) async throws -> Void) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in
                    for (path, body) in [
                        ("/api/user/u%2F1", #"{"name": "Gwion", "age": 12}"#),
                        ("/api/user/u%2F1", #"{"name": "Taliesin\u001b[31m"}"#),
                        ("/api/user/u2", #"{"name": "Ceridwen"}"#),
                        ("/api/film/f1", #"{"title": "Excalibur"}"#),
                    ] {
                        let answer = try await node.put(path, body)
                        #expect(answer.status == 200, "\(answer.body)")
                    }
                    try await body(home, node)
                }
            }
        }
    }

    private func run(_ arguments: String..., in home: NodeHome) async throws -> BuiltCommand.Outcome {
        try await home.node.run(arguments + ["--home", home.path])
    }

    private struct Entity: Decodable {
        let format, position: Int
        let id, collection: String
        let properties: Properties
        struct Properties: Decodable {
            let name: String
            let age: Int
        }
    }

    private struct Rows: Decodable {
        let format, position, count: Int
        let columns: [String]
        let rows: [Row]
        struct Row: Decodable {
            let id: String
            let name: String?
        }
    }

    @Test("query answers in columns, as a table and as JSON; faults end with 65 and their place")
    func query() async throws {
        try await withStore { home, _ in
            let file = home.path + ".query"
            let users = #"{"entities":{"of":"user","columns":["name"]}}"#
            let rule = #"{"!=":[{"var":"id"},{"param":"but"}]}"#
            let query = #"{"query":{"order":[{"select":[\#(users),\#(rule)]},[{"by":"id"}]]},"params":{"but":""}}"#
            try Data(query.utf8).write(to: URL(filePath: file))
            let lines = try await run("query", file, in: home)
            #expect(
                lines.output == "id     name\n\"u/1\"  \"Taliesin\\\\u001b[31m\"\n\"u2\"   \"Ceridwen\"\n",
                "\(lines.errors)"
            )
            let table = try await run("query", file, "--csv", "--param", "but=u/1", in: home)
            #expect(table.output == "id,name\r\nu2,Ceridwen\r\n")
            let json = try await run("query", file, "--json", "--without", "me", in: home)
            let none = try JSONDecoder().decode(Rows.self, from: Data(json.output.utf8))
            #expect(none.format == 1 && none.position == 6 && none.count == 0 && none.columns == ["id", "name"])
            let whole = try await run("query", file, "--json", in: home)
            let rows = try JSONDecoder().decode(Rows.self, from: Data(whole.output.utf8)).rows
            #expect(rows.map(\.id) == ["u/1", "u2"] && rows.last?.name == "Ceridwen")
            try Data(#"{"query":{"project":[\#(users),["nam"]]}}"#.utf8).write(to: URL(filePath: file))
            let fault = try await run("query", file, in: home)
            #expect(fault.exitCode == 65 && fault.errors.contains("/project/1/0"), "\(fault.errors)")
            #expect(try await run("query", file + ".none", in: home).exitCode == 1)
            #expect(try await run("query", file, "--param", "x", in: home).exitCode == 64)
        }
    }

    @Test("get shows properties in columns, one bare, and as JSON; 1 where there is nothing")
    func get() async throws {
        try await withStore { home, _ in
            let lines = try await run("get", "user/u%2F1", in: home)
            // What a writer chose moves no cursor.
            #expect(lines.output == "age   12\nname  \"Taliesin\\\\u001b[31m\"\n", "\(lines.output) \(lines.errors)")
            let bare = try await run("get", "user/u%2F1", "name", in: home)
            #expect(bare.output == "Taliesin\u{1b}[31m\n")
            #expect(try await run("get", "user/u%2F1", "age", in: home).output == "12\n")
            let json = try await run("get", "user/u%2F1", "--json", in: home)
            let entity = try JSONDecoder().decode(Entity.self, from: Data(json.output.utf8))
            #expect(entity.format == 1 && entity.id == "u/1" && entity.collection == "user")
            #expect(entity.properties.age == 12 && entity.position == 6)
            for missing in [["get", "user/u3"], ["get", "user/u2", "age"]] {
                let outcome = try await home.node.run(missing + ["--home", home.path])
                #expect(outcome.exitCode == 1 && outcome.output.isEmpty, "\(outcome.errors)")
            }
            #expect(try await run("get", "user/u2", "--without", "nobody", in: home).exitCode == 64)
            let did = try await home.did
            #expect(try await run("get", "user/u2", "--without", did, in: home).exitCode == 1)
            #expect(try await run("get", "user/u2", "--as-of", "9000d", in: home).exitCode == 1)
        }
    }

    @Test("ids and collections come by their bytes, in pages, and as one JSON value")
    func lists() async throws {
        try await withStore { home, _ in
            #expect(try await run("ids", "user", in: home).output == "u%2F1\nu2\n")
            #expect(try await run("ids", "user", "--limit", "1", in: home).output == "u%2F1\n")
            #expect(try await run("ids", "user", "--after", "u/1", in: home).output == "u2\n")
            #expect(try await run("ids", "nobody", in: home).output.isEmpty)
            let ids = try await run("ids", "user", "--json", in: home).output
            #expect(ids.hasPrefix(#"{"format":1,"#), "\(ids)")
            #expect(ids.hasSuffix(#""collection":"user","ids":["u/1","u2"]}"# + "\n"), "\(ids)")
            #expect(try await run("ids", "nobody", "--json", in: home).output.hasSuffix(#""ids":[]}"# + "\n"))
            #expect(try await run("ids", "user", "--limit", "0", in: home).exitCode == 64)
            #expect(try await run("collections", in: home).output == "film\nuser\n")
            let collections = try await run("collections", "--json", in: home).output
            #expect(collections.hasSuffix(#""collections":["film","user"]}"# + "\n"), "\(collections)")
        }
    }

    private struct Change: Decodable {
        let format: Int
        let property, creator, delta: String
        let timeCreated: Int
    }

    @Test("history tells each change, oldest first, of one property alone, as JSON Lines")
    func history() async throws {
        try await withStore { home, _ in
            let lines = try await run("history", "user/u%2F1", in: home).output.split(separator: "\n")
            #expect(lines.count == 3 && lines.allSatisfy { $0.contains(" me ") }, "\(lines)")
            #expect(lines.last?.hasSuffix(#"name = "Taliesin\\u001b[31m""#) == true, "\(lines)")
            let json = try await run("history", "user/u%2F1", "name", "--json", in: home).output
            let changes = try json.split(separator: "\n").map {
                try JSONDecoder().decode(Change.self, from: Data($0.utf8))
            }
            #expect(changes.map(\.property) == ["name", "name"])
            #expect(changes[0].timeCreated < changes[1].timeCreated)
            #expect(try await changes[0].creator == home.did)
            for missing in [["history", "user/u3"], ["history", "user/u2", "age"]] {
                #expect(try await home.node.run(missing + ["--home", home.path]).exitCode == 1)
            }
        }
    }

    private struct Shown: Decodable {
        let format, position: Int
        let id, creator, signature: String
        let verified, counts, negated: Bool
        let negatedBy: [Negation]
        struct Negation: Decodable { let delta, creator: String }
    }

    @Test("show tells of a delta, by enough of its id, what it says, how it got here, and what negates it")
    func show() async throws {
        try await withStore { home, node in
            let last = try await run("history", "user/u2", "name", "--json", in: home).output
            let id = try JSONDecoder().decode(Change.self, from: Data(last.utf8)).delta
            let shown = try await run("show", String(id.prefix(8)), in: home)
            #expect(shown.exitCode == 0, "\(shown.errors)")
            for words in [
                "delta       \(id)\n", "signature   holds", "counts      yes", "written here", #"name: "Ceridwen""#,
            ] {
                #expect(shown.output.contains(words), "\(shown.output)")
            }
            let negation =
                #"{"pointers": [{"localContext": "_negates", "target": "\#(id)", "targetContext": "negated_by"}]}"#
            let answer = try await node.ask(
                "/api/deltas",
                "-X",
                "POST",
                "-H",
                "Content-Type: application/json",
                "--data-binary",
                negation
            )
            #expect(answer.status == 201, "\(answer.body)")
            let json = try await run("show", id, "--json", in: home)
            let delta = try JSONDecoder().decode(Shown.self, from: Data(json.output.utf8))
            #expect(delta.format == 1 && delta.id == id && delta.verified && delta.negated && !delta.counts)
            #expect(delta.negatedBy.count == 1)
            let after = try await run("show", id, in: home)
            #expect(after.output.contains("counts      no: it is negated"), "\(after.output)")
            #expect(try await run("show", String(repeating: "0", count: 64), in: home).exitCode == 1)
            for wrong in ["user", "3f7", String(repeating: "0", count: 65)] {
                #expect(try await run("show", wrong, in: home).exitCode == 64)
            }
        }
    }

    @Test("log shows what is held, newest first, of an author, an entity and a span, and draws an author's log")
    func log() async throws {
        try await withStore { home, _ in
            let did = try await home.did
            /// Lines without how long ago that was.
            func lines(_ arguments: String...) async throws -> [String] {
                let outcome = try await home.node.run(["log", "--home", home.path] + arguments)
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                return outcome.output.split(separator: "\n").map { String($0.replacing(/\d+ s ago +/, with: "")) }
            }
            let all = try await lines()
            #expect(all.count == 6, "\(all)")
            #expect(all[0].hasSuffix(#"film/f1 title = "Excalibur""#), "\(all)")
            #expect(all.allSatisfy { $0.contains("  me  ") })
            #expect(try await lines("--reverse") == all.reversed())
            #expect(try await lines("--limit", "2") == Array(all.prefix(2)))
            #expect(try await lines("--since", "1d") == all)
            #expect(try await lines("--until", "1d").isEmpty)
            #expect(try await lines("--graph", "--author", "me") == all.map { "● " + $0 })
            let film = try await run("log", "--entity", "film/f1", "--author", did, "--json", in: home).output
            #expect(film.hasPrefix(#"{"format":1,"id":"#) && film.contains(#""position":6"#), "\(film)")
            #expect(film.utf8.count { $0 == 0x0a } == 1)
            for wrong in [["--graph"], ["--limit", "0"], ["--author", "nobody"], ["--since", "soon"]] {
                #expect(try await home.node.run(["log", "--home", home.path] + wrong).exitCode == 64)
            }
        }
    }

    @Test("diff shows what differs between two moments, and without an author, and exits 1 where something does")
    func diff() async throws {
        try await withStore { home, _ in
            let did = try await home.did
            let gone = try await run("diff", "user/u2", "--without", did, in: home)
            #expect(gone.exitCode == 1, "\(gone.errors)")
            #expect(gone.output == "+ nothing is visible\n- name  \"Ceridwen\"\n", "\(gone.output)")
            let json = try await run("history", "user/u%2F1", "--json", in: home).output
            let changes = try json.split(separator: "\n").map {
                try JSONDecoder().decode(Change.self, from: Data($0.utf8))
            }
            // As of the first transaction's end, to the µs.
            let micros = String(changes[1].timeCreated)
            let date = Date(timeIntervalSince1970: Double(micros.dropLast(6)) ?? 0)
            let moment = date.ISO8601Format().dropLast() + "." + micros.suffix(6) + "Z"
            let then = try await run("diff", "user/u%2F1", "--as-of", String(moment), in: home)
            #expect(then.exitCode == 1, "\(then.errors)")
            #expect(then.output == ("- name  \"Gwion\"\n+ name  \"Taliesin\\\\u001b[31m\"\n"), "\(then.output)")
            let object = try await run("diff", "user/u%2F1", "--as-of", String(moment), "--json", in: home).output
            #expect(object.contains(#"{"property":"name","before":"Gwion","after":"Taliesin\u001b[31m"}"#), "\(object)")
            let same = try await run("diff", "user/u%2F1", "--as-of", "0s", in: home)
            #expect(same.exitCode == 0 && same.output.isEmpty, "\(same.output)")
            let early = try await run("diff", "user/u2", "--as-of", "9d", "--and", "8d", in: home)
            #expect(early.exitCode == 1 && early.errors.contains("either way"), "\(early.errors)")
            for wrong in [[], ["--and", "1d"], ["--as-of", "soon"]] {
                #expect(try await home.node.run(["diff", "user/u2", "--home", home.path] + wrong).exitCode == 64)
            }
        }
    }
}
