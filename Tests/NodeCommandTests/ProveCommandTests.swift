import Foundation
import RhizomeTesting
import Testing

@Suite struct ProveCommandTests {
    @Test("a value is blamed and proved while the node runs, and a stranger without a home checks the proof")
    func stranger() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in
                    for name in ["Taliesin", "Gwion"] {
                        #expect(try await node.put("/api/user/t%2F1", "{\"name\": \"\(name)\"}").status == 200)
                    }
                    let blame = try await home.node.run(["blame", "user/t%2F1", "--home", home.path])
                    #expect(blame.exitCode == 0, "\(blame.errors)")
                    let lines = blame.output.split(separator: "\n").map(String.init)
                    #expect(lines.first == "name = \"Gwion\"  (last-write-wins)", "\(blame.output)")
                    #expect(lines.dropFirst().first?.contains("\"Gwion\"     me") == true, "\(blame.output)")
                    #expect(lines.last?.hasSuffix("later") == true, "\(blame.output)")
                    let json = try await home.node.run(["blame", "--json", "user/t%2F1", "name", "--home", home.path])
                    #expect(json.output.contains(#""why":"later""#), "\(json.output)")
                    let proof = folder.path("a proof")
                    let proved = try await home.node.run(["prove", "user/t%2F1", "-o", proof, "--home", home.path])
                    #expect(proved.exitCode == 0 && proved.output.isEmpty, "\(proved.errors)")
                    let checked = try await home.node.run(["verify", proof])
                    #expect(checked.exitCode == 0, "\(checked.output) \(checked.errors)")
                    #expect(checked.output.contains("name = \"Gwion\"  (last-write-wins)"), "\(checked.output)")
                }
                let early = try await home.node.run(
                    ["prove", "user/t%2F1", "--as-of", "1000d", "-o", folder.path("none"), "--home", home.path]
                )
                #expect(early.exitCode == 0 || early.errors.contains("nothing was said"), "\(early.errors)")
                let nobody = try await home.node.run(["blame", "user/nobody", "--home", home.path])
                #expect(nobody.exitCode == 1 && nobody.errors.contains("nothing was said of user/nobody"))
                for wrong in [["blame", "user"], ["blame", "user/u", "--as-of", "soon"], ["prove", "user/u"]] {
                    #expect(try await home.node.run(wrong + ["--home", home.path]).exitCode == 64)
                }
                let peer = try await home.node.run(["blame", "user/u", "--without", "bob", "--home", home.path])
                #expect(peer.exitCode == 64 && peer.errors.contains("'bob' is no petname"), "\(peer.errors)")
            }
        }
    }
}
