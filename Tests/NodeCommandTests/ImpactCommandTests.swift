import Bytes
import RhizomeTesting
import StrictJSON
import Testing

@Suite struct ImpactCommandTests {
    @Test("impact tells what distrust with keep none would change, and that is what it changes then")
    func impact() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                try await NodeHome.running(homes) { nodes in
                    _ = try await nodes[0].put("/api/user/u1", "{\"name\": \"Ann\", \"age\": 1}")
                    try await eventually("bob has it") { try await nodes[1].count == 3 }
                    _ = try await nodes[1].put("/api/user/u1", "{\"name\": \"Bob's\"}")
                    _ = try await nodes[1].put("/api/user/u2", "{\"name\": \"only Bob's\"}")
                    try await eventually("alice has it") { try await nodes[0].count == 5 }
                }
                let home = homes[0]
                let json = try await home.node.run(["impact", "bob", "--json", "--home", home.path])
                #expect(json.exitCode == 0, "\(json.errors)")
                let lines = try json.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
                #expect(
                    lines == [
                        ["entity": "u1", "property": "name", "before": "Bob's", "after": "Ann"],
                        ["entity": "u2", "property": "name", "before": "only Bob's"],
                        ["format": 1, "summary": ["entities": 2, "changed": 2, "values": 2, "vanished": 1]],
                    ]
                )
                let rest = try await home.node.run(["impact", "bob", "--after", "u1", "--home", home.path])
                #expect(rest.output.contains("u2  name  \"only Bob's\" → nothing"), "\(rest.output)")
                #expect(rest.output.contains("1 of 1 entity"), "\(rest.output)")
                let kept = try await home.node.run(["impact", "bob", "--keep", "all", "--home", home.path])
                #expect(kept.output.hasPrefix("0 of 2 entities"), "\(kept.output)")
                let nobody = try await home.node.run(["impact", "nobody", "--home", home.path])
                #expect(nobody.exitCode == 1 && nobody.errors.contains("rhizome-keys list"), "\(nobody.errors)")

                _ = try await home.keys("distrust", "bob", "--keep", "none")
                try await home.running { node in
                    let first = try await node.ask("/api/user/u1")
                    #expect(first.body.contains("\"Ann\""), "\(first.body)")
                    let second = try await node.ask("/api/user/u2")
                    #expect(second.status == 404)
                }
            }
        }
    }
}
