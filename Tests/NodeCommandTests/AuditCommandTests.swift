import Bytes
import Foundation
import RhizomeTesting
import StrictJSON
import Testing

@Suite struct AuditCommandTests {
    @Test("the audit reads a store while the node runs, and names a body that was changed on the disk")
    func audit() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let early = try await home.node.run(["audit", "--home", home.path])
                #expect(early.exitCode == 1)
                #expect(early.errors.contains("there is no store in \(home.path)/data yet"), "\(early.errors)")
                try await home.running { node in
                    let answer = try await node.put("/api/user/taliesin-1", "{\"name\": \"Taliesin\"}")
                    #expect(answer.status == 200)
                    let beside = try await home.node.run(["audit", "--home", home.path])
                    #expect(beside.exitCode == 0, "\(beside.output) \(beside.errors)")
                    #expect(beside.output.contains("no finding"))
                    #expect(beside.output.hasPrefix("1 delta by 1 author\n"), "\(beside.output)")
                }
                try Self.damage(home)
                let outcome = try await home.node.run(["audit", "--json", "--home", home.path])
                #expect(outcome.exitCode == 1)
                #expect(outcome.output.contains("\"format\":1"), "\(outcome.output)")
                let lines = try await home.node.run(["audit", "--home", home.path])
                #expect(
                    lines.output.contains("bodyMismatch: these bytes aren't what the author signed"),
                    "\(lines.output)"
                )
                // What came before is believed.
                let later = try await home.node.run(["audit", "--since", "1", "--home", home.path])
                #expect(later.exitCode == 0 && later.output.contains("0 deltas after position 1"), "\(later.output)")
                let recent = try await home.node.run(["audit", "--since", "1h", "--home", home.path])
                #expect(recent.exitCode == 1 && recent.output.contains("bodyMismatch"), "\(recent.output)")
                #expect(outcome.output.contains("bodyMismatch"), "\(outcome.output)")
                #expect(outcome.errors.contains("\(home.path)/data/store.* away"), "\(outcome.errors)")
            }
        }
    }

    @Test("a missing witness of the store is a finding until a node makes it anew, and is told from then on")
    func missingWitness() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in _ = try await node.put("/api/note/1", "{\"text\": \"x\"}") }
                let seen = home.path + "/data/store.seen"
                try FileManager.default.removeItem(atPath: seen)
                let missing = try await home.audit()
                #expect(missing.exitCode == 1 && missing.text.contains("witnessMissing"), "\(missing.text)")
                try await home.running { node in
                    let told = await node.logged("the store was changed from outside", "store.seen was missing")
                    #expect(told.count == 1)
                }
                #expect(FileManager.default.fileExists(atPath: seen))
                let audit = try await home.audit()
                #expect(audit.exitCode == 0 && audit.text.contains("witnessMissing"), "\(audit.text)")
                let lines = try await home.node.run(["audit", "--home", home.path])
                #expect(lines.output.contains("store.seen was missing"), "\(lines.output)")
            }
        }
    }

    /// Changes a byte of what was written.
    private static func damage(_ home: NodeHome, at text: String = "Taliesin") throws {
        let store = URL(filePath: home.path + "/data/store.sqlite")
        var bytes = try Data(contentsOf: store)
        let place = try #require(bytes.range(of: Data(text.utf8)))
        bytes[place.lowerBound] = UInt8(ascii: "D")
        let handle = try FileHandle(forWritingTo: store)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    @Test("a repair keeps what is whole, fetches the rest from peers in a new epoch, and says what didn't come back")
    func repair() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let alice = homes[0]
                @Sendable func repair(_ more: String...) async throws -> BuiltCommand.Outcome {
                    try await alice.node.run(["audit", "--repair", "--json", "--home", alice.path] + more)
                }
                try await homes[1].running { bob in
                    try await alice.running { node in
                        _ = try await node.put("/api/user/taliesin-1", "{\"name\": \"Taliesin\"}")
                        _ = try await bob.put("/api/user/taliesin-1", "{\"age\": 42}")
                        for node in [node, bob] { try await eventually("both hold it") { try await node.count == 2 } }
                        let busy = try await repair()
                        #expect(busy.exitCode == 0, "nothing is found: \(busy.errors)")
                    }
                    try Self.damage(alice)
                    let done = try await repair()
                    #expect(done.exitCode == 0, "\(done.output) \(done.errors)")
                    let last = try #require(done.output.split(separator: "\n").last)
                    let json = try #require(try JSONValue(parsing: Array(last.utf8)).object)
                    #expect(json["kept"] == 1 && json["restored"] == 1 && json["lostCount"] == 0, "\(last)")
                    let damaged = try #require(json["damaged"]?.text).string
                    #expect(FileManager.default.fileExists(atPath: damaged + "/store.sqlite"))
                    let audit = try await alice.audit()
                    #expect(audit.exitCode == 0, "\(audit.text)")
                    try await alice.running { node in
                        let entity = try await node.ask("/api/user/taliesin-1").body
                        for value in ["Taliesin", "42"] { #expect(entity.contains(value), "\(entity)") }
                    }
                }
                // What one wrote while the other was away, nobody else holds.
                try await alice.running { node in _ = try await node.put("/api/user/m", "{\"name\": \"Morgan\"}") }
                try Self.damage(alice, at: "Morgan")
                let alone = try await homes[1].running { _ in try await repair() }
                #expect(alone.output.contains("\"reason\":\"heldByNobody\""), "\(alone.output) \(alone.errors)")
                // For what somebody said whose trust was taken back since, nobody is asked.
                try await NodeHome.running(homes) { nodes in
                    _ = try await nodes[1].put("/api/user/g", "{\"name\": \"Gwion\"}")
                    try await eventually("alice holds it") { try await nodes[0].ask("/api/user/g").status == 200 }
                }
                _ = try await alice.keys("distrust", "bob")
                try Self.damage(alice, at: "Gwion")
                let untrusted = try await repair("--wait", "1")
                #expect(untrusted.output.contains("\"reason\":\"notTrusted\""), "\(untrusted.output)")
                _ = try await alice.trust(homes[1], at: homes[1].address)
                // With nobody to ask.
                try Self.damage(alice)
                let lost = try await repair("--wait", "1")
                #expect(lost.exitCode == 1 && lost.errors.contains("1 delta didn't come back"), "\(lost.errors)")
                #expect(lost.output.contains("\"lostCount\":1") && lost.output.contains("\"state\":"), "\(lost.output)")
                #expect(lost.output.contains("\"reason\":\"nobodyAsked\""), "\(lost.output)")
            }
        }
    }

    @Test("what was damaged comes back from a peer, as the audit advises, and our own log goes on without a fork")
    func advice() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                try await homes[1].running { bob in
                    try await homes[0].running { node in
                        _ = try await node.put("/api/user/taliesin-1", "{\"name\": \"Taliesin\"}")
                        _ = try await bob.put("/api/user/taliesin-1", "{\"age\": 42}")
                        for node in [node, bob] { try await eventually("both hold it") { try await node.count == 2 } }
                    }
                    try Self.damage(homes[0])
                    #expect(try await homes[0].audit().exitCode == 1)
                    let data = homes[0].path + "/data"
                    for name in try FileManager.default.contentsOfDirectory(atPath: data) where name.hasPrefix("store.")
                    {
                        try FileManager.default.moveItem(atPath: "\(data)/\(name)", toPath: folder.path(name))
                    }
                    try await homes[0].running { node in
                        // Waits for what bob holds of our own log.
                        _ = try await node.put("/api/user/taliesin-1", "{\"town\": \"Ys\"}")
                        for node in [node, bob] { try await eventually("both hold it") { try await node.count == 3 } }
                        let entity = try await node.ask("/api/user/taliesin-1").body
                        for value in ["Taliesin", "42", "Ys"] { #expect(entity.contains(value), "\(entity)") }
                    }
                }
                for home in homes {
                    let audit = try await home.audit()
                    #expect(audit.exitCode == 0 && !audit.text.contains("\"sequence\""), "\(audit.text)")
                }
            }
        }
    }
}
