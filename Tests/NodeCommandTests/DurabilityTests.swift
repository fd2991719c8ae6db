import Foundation
import Locks
import RhizomeTesting
import Testing

@Suite struct DurabilityTests {
    final class Counter: Sendable {
        private let count = Lock(0)

        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    /// Writes notes one after the other until the node doesn't answer any more.
    static func write(to node: RunningNode, after first: Int, _ acknowledged: Counter) async {
        while true {
            let number = first + acknowledged.value + 1
            let answer = try? await node.put("/api/note/n\(number)", "{\"text\": \"\(number)\"}")
            guard answer?.status == 200 else { return }
            acknowledged.add()
        }
    }

    @Test("what was acknowledged is there after kill -9, and the audit finds nothing")
    func killed() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                var acknowledged = 0
                for round in 1...3 {
                    let counter = Counter()
                    let before = acknowledged
                    _ = try await home.node.withRunning(["run", "--json"], environment: home.settings) { command in
                        let node = try await RunningNode(command)
                        // Killed while writes are under way: the last one may or may not be acknowledged.
                        async let writing: Void = Self.write(to: node, after: before, counter)
                        try await eventually("some writes are acknowledged") { counter.value >= 5 * round }
                        command.signal(SIGKILL)
                        await writing
                        try await command.end()
                    }
                    acknowledged += counter.value
                    let expected = acknowledged
                    let held = try await home.running { node in
                        for number in 1...expected {
                            let answer = try await node.ask("/api/note/n\(number)")
                            #expect(answer.status == 200, "note \(number) of \(expected) is lost")
                        }
                        return try await node.ask("/api/deltas/count").body
                    }
                    // One write more may have become durable without anybody having been told.
                    #expect([expected, expected + 1].contains(try #require(Int(held))))
                    acknowledged = try #require(Int(held))
                }
                let audit = try await home.node.run(["audit", "--json", "--home", home.path])
                #expect(audit.exitCode == 0, "\(audit.output) \(audit.errors)")
            }
        }
    }

    @Test("the write-ahead log is synced to the disk before a write is answered")
    func synced() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let trace = folder.path("trace")
                let calls = "trace=fsync,fdatasync,read,recvfrom,recvmsg,write,writev,sendto,sendmsg"
                let strace = BuiltCommand("strace", in: "/usr/bin")
                let arguments = [
                    "-f", "-y", "-s", "64", "-o", trace, "-e", calls, home.node.path, "run", "--json",
                ]
                _ = try await strace.withRunning(arguments, environment: home.settings) { command in
                    let node = try await RunningNode(command)
                    let answer = try await node.put("/api/user/taliesin-1", "{\"name\": \"Taliesin\"}")
                    #expect(answer.status == 200)
                    // strace keeps signals to itself: the node is its child.
                    let children = "/proc/\(command.processID)/task/\(command.processID)/children"
                    let child = try String(contentsOfFile: children, encoding: .utf8).split(separator: " ").first
                    kill(try #require(child.flatMap { Int32($0) }), SIGTERM)
                    try await command.end()
                }
                let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
                let asked = try #require(lines.firstIndex { $0.contains("PUT /api/user") })
                let answered = try #require(lines[asked...].firstIndex { $0.contains("HTTP/1.1 200") })
                let isSynced = lines[asked..<answered].contains { line in
                    line.contains("fdatasync(") && line.contains("store.sqlite-wal")
                        || line.contains("fsync(") && line.contains("store.sqlite-wal")
                }
                #expect(isSynced, "no sync of store.sqlite-wal between the request and its answer")
            }
        }
    }
}
