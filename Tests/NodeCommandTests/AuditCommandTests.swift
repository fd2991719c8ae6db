import Foundation
import RhizomeTesting
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
                let store = URL(filePath: home.path + "/data/store.sqlite")
                var bytes = try Data(contentsOf: store)
                let place = try #require(bytes.range(of: Data("Taliesin".utf8)))
                bytes[place.lowerBound] = UInt8(ascii: "D")
                let handle = try FileHandle(forWritingTo: store)
                try handle.write(contentsOf: bytes)
                try handle.close()
                let outcome = try await home.node.run(["audit", "--json", "--home", home.path])
                #expect(outcome.exitCode == 1)
                #expect(outcome.output.contains("bodyMismatch"), "\(outcome.output)")
                #expect(outcome.errors.contains("\(home.path)/data/store.* away"), "\(outcome.errors)")
            }
        }
    }
}
