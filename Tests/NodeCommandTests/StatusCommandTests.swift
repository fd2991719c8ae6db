import Foundation
import RhizomeTesting
import Testing

/// `status`: one screen on a running node (spec: cli.md).
@Suite struct StatusCommandTests {
    private struct Report: Decodable {
        struct Peer: Decodable { let name, state: String }
        struct Attention: Decodable { let code, message: String, `do`: String }
        let format, deltas: Int
        let storeBytes, freeBytes: Int64
        let peers: [Peer]
        let attention: [Attention]
    }

    private func status(of home: NodeHome, _ options: String...) async throws -> BuiltCommand.Outcome {
        try await home.node.run(["status", "--home", home.path] + options)
    }

    private func report(of home: NodeHome) async throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(try await status(of: home, "--json").output.utf8))
    }

    @Test("it tells that no node runs, also where one was killed, and ends with 69")
    func noNode() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let before = try await status(of: home)
                #expect(before.exitCode == 69 && before.errors.contains("start it by: rhizome-node run"))
                try await home.running { _ in }
                let stale = #"{"http": "127.0.0.1:1", "request": "127.0.0.1:1"}"#
                try Data(stale.utf8).write(to: URL(filePath: home.path + "/data/node.json"))
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600],
                    ofItemAtPath: home.path + "/data/node.json"
                )
                let after = try await status(of: home)
                #expect(after.exitCode == 69 && after.errors.contains("start it by: rhizome-node run"))
            }
        }
    }

    @Test("what needs attention is told with what to do, and ends with 1 until it is done")
    func attention() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let alice = try await NodeHome.make("alice", in: folder, at: LoopbackHost.next())
                let bob = try await NodeHome.make("bob", in: folder, at: LoopbackHost.next())
                try await alice.running { node in
                    _ = try await node.put("/api/user/u1", #"{"name": "Taliesin"}"#)
                    let alone = try await status(of: alice)
                    #expect(alone.exitCode == 0 && alone.output.contains("no peers; meet one by: rhizome-keys invite"))
                    #expect(alone.output.contains("1 delta, ") && alone.output.contains(" free\n"), "\(alone.output)")

                    try await alice.trust(bob)
                    try await eventually("bob stands in the list") { try await node.peer("bob") != nil }
                    let report = try await report(of: alice)
                    #expect(report.attention.map(\.code) == ["noAddress"] && report.deltas == 1)
                    #expect(report.storeBytes > 0 && report.freeBytes > 0)
                    #expect(report.peers.map(\.name) == ["alice", "bob"])

                    try await alice.trust(bob, at: bob.address)
                    try await bob.running { _ in
                        try await eventually("bob refuses alice") {
                            try await node.peer("bob")?.state == "waitingForTrust"
                        }
                        let waiting = try await status(of: alice)
                        #expect(waiting.exitCode == 1 && waiting.errors.isEmpty)
                        #expect(waiting.output.contains("! bob doesn't trust this identity; have its owner trust"))
                        let quiet = try await status(of: alice, "--quiet")
                        #expect(quiet.exitCode == 1 && quiet.output.isEmpty && quiet.errors.isEmpty)

                        try await bob.trust(alice, at: alice.address)
                        try await eventually("both are in step") {
                            try await status(of: alice).output.contains("in step")
                        }
                        let well = try await status(of: alice)
                        #expect(well.exitCode == 0 && well.output.contains("bob  connected"), "\(well.output)")
                    }
                }
            }
        }
    }

    @Test("what the last audit of this store found needs attention, and what one of another store found doesn't")
    func audit() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { _ in
                    #expect(try await home.audit().exitCode == 0)
                    let clean = try await status(of: home)
                    #expect(clean.exitCode == 0 && clean.output.contains("nothing found, "))
                    let file = URL(filePath: home.path + "/data/audit.json")
                    let summary = try String(decoding: Data(contentsOf: file), as: UTF8.self)
                        .replacing(#""findingCount":0"#, with: #""findingCount":3"#)
                    try Data(summary.utf8).write(to: file)
                    let found = try await status(of: home)
                    #expect(
                        found.exitCode == 1 && found.output.contains("the last audit found 3 faults in the store; ")
                    )
                    let other = summary.replacing(/"epoch":"[0-9a-f]+"/, with: #""epoch":"00""#)
                    try Data(other.utf8).write(to: file)
                    #expect(try await status(of: home).exitCode == 0)
                }
            }
        }
    }
}
