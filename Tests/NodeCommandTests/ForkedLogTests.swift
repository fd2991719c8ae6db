import Foundation
import RhizomeTesting
import Testing

@Suite struct ForkedLogTests {
    private struct Delta: Decodable { let id: String }

    @Test("the graph of a log that forked draws both branches, and the write that joins them")
    func graph() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in _ = try await node.put("/api/note/1", #"{"text": "both"}"#) }
                // One key on two machines.
                let copy = try NodeHome("copy", in: folder)
                try FileManager.default.copyItem(atPath: home.path, toPath: copy.path)
                try await home.running { node in _ = try await node.put("/api/note/2", #"{"text": "left"}"#) }
                let wire = folder.path("delta")
                try await copy.running { node in
                    _ = try await node.put("/api/note/3", #"{"text": "right"}"#)
                    let last = try await copy.node.run(["log", "--limit", "1", "--json", "--home", copy.path]).output
                    let id = try JSONDecoder().decode(Delta.self, from: Data(last.utf8)).id
                    _ = try await node.ask("/api/deltas/\(id)", "-H", "Accept: application/cbor", "-o", wire)
                }
                try await home.running { node in
                    let type = "Content-Type: application/cbor"
                    let answer = try await node.ask("/api/deltas", "-H", type, "--data-binary", "@\(wire)")
                    #expect(answer.status == 201, "\(answer.body)")
                    _ = try await node.put("/api/note/4", #"{"text": "joined"}"#)
                }
                let graph = try await home.node.run(["log", "--graph", "--author", "me", "--home", home.path])
                let lines = graph.output.split(separator: "\n").map(String.init)
                let values = lines.compactMap { line in line.split(separator: "\"").dropFirst().first.map(String.init) }
                #expect(values == ["joined", "right", "left", "both"], "\(graph.output)")
                try #require(lines.count == 6, "\(graph.output)")
                #expect(
                    lines[0].hasPrefix("● ") && lines[1] == "├─┐ " && lines[4] == "├─┘ " && lines[5].hasPrefix("● ")
                )
                // Which of both is to the left, their ids decide.
                #expect(Set([String(lines[2].prefix(3)), String(lines[3].prefix(3))]) == ["│ ●", "● │"], "\(lines)")
            }
        }
    }
}
