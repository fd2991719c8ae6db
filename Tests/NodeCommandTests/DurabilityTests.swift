import Foundation
import Locks
import RhizomeTesting
import Testing

@Suite struct DurabilityTests {
    /// What was acknowledged of one node's writes.
    final class Writer: Sendable {
        let name: String
        private let numbers = Lock<(next: Int, acknowledged: Set<String>)>((1, []))

        init(_ name: String) { self.name = name }

        var acknowledged: Set<String> { numbers.withLock { $0.acknowledged } }

        /// Writes transactions one after the other until the node doesn't answer any more, or the task is cancelled; in
        /// one life of a node so many that a debug build can verify them in the next.
        func write(to node: RunningNode) async {
            let properties = (1...4).map { "\"p\($0)\": \"\(name)\"" }.joined(separator: ", ")
            for _ in 0..<40 where !Task.isCancelled {
                let id = numbers.withLock { numbers in
                    defer { numbers.next += 1 }
                    return "\(name)-\(numbers.next)"
                }
                let answer = try? await node.put("/api/note/\(id)", "{\(properties)}")
                guard answer?.status == 200 else { return }
                numbers.withLock { _ = $0.acknowledged.insert(id) }
                // Not a wait for anything: whoever catches up in a debug build is to have a chance.
                try? await Task.sleep(for: .milliseconds(20))
            }
        }

        /// Which acknowledged notes a node lacks.
        func missing(at node: RunningNode) async throws -> Set<String> {
            struct IDs: Decodable { let ids: [String] }
            let answer = try await node.ask("/api/note/ids")
            let held = answer.status == 404 ? [] : try await node.value("/api/note/ids", as: IDs.self).ids
            return acknowledged.subtracting(held)
        }
    }

    /// Runs a node that writes, and ends it by the signal when `body` has returned.
    static func running(
        _ home: NodeHome,
        _ writer: Writer,
        endedBy signal: Int32,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        _ = try await home.node.withRunning(["run", "--json"], environment: home.settings) { command in
            let node = try await RunningNode(command)
            let lost = try await writer.missing(at: node)
            #expect(lost.isEmpty, "\(home.name) lost what it had acknowledged: \(lost)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await writer.write(to: node) }
                try await body()
                // Others may still be writing: the last one may or may not be acknowledged.
                command.signal(signal)
                try await command.end()
                group.cancelAll()
            }
        }
    }

    @Test("what was acknowledged is there after kill -9 at any moment of writing and catching up; chains are whole")
    func killed() async throws {
        try await withSeedAsync { generator in
            try await AsyncGate.processes.pass {
                let folder = try TemporaryFolder()
                defer { folder.remove() }
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                let writers = (alice: Writer("alice"), bob: Writer("bob"))
                var kills = 0
                while kills < TestSchedule.rounds(10, soak: 100) {
                    let victims = [(SIGKILL, SIGTERM), (SIGTERM, SIGKILL), (SIGKILL, SIGKILL)]
                    let started = ContinuousClock.now
                    let (first, second) = victims[Int.random(in: 0..<3, using: &generator)]
                    kills += (first == SIGKILL ? 1 : 0) + (second == SIGKILL ? 1 : 0)
                    let early = Int.random(in: 0...400, using: &generator)
                    let late = Int.random(in: 0...800, using: &generator)
                    try await Self.running(alice, writers.alice, endedBy: first) {
                        // Alice gets ahead; Bob has to catch up while both write.
                        try await Task.sleep(for: .milliseconds(early))
                        try await Self.running(bob, writers.bob, endedBy: second) {
                            try await Task.sleep(for: .milliseconds(late))
                        }
                    }
                    if TestSchedule.isSoak { print("\(kills) kills; this round took \(ContinuousClock.now - started)") }
                }
                let held = try await Self.agreement(homes, [writers.alice, writers.bob])
                print(
                    "\(kills) kills, seed \(generator.seed): \(writers.alice.acknowledged.count) and "
                        + "\(writers.bob.acknowledged.count) writes acknowledged, none lost; \(held) deltas at both"
                )
                for home in homes {
                    let audit = try await home.audit()
                    #expect(audit.exitCode == 0, "\(audit.text)")
                }
            }
        }
    }

    /// Runs all until they hold the same, all that was acknowledged among it and no fork.
    ///
    /// - Returns: how many deltas that is.
    private static func agreement(_ homes: [NodeHome], _ writers: [Writer]) async throws -> Int {
        let count = Lock(0)
        try await NodeHome.running(homes) { nodes in
            try await eventually("all hold the same", within: .seconds(120)) {
                var counts: Set<Int> = []
                for node in nodes { counts.insert(try await node.count) }
                return counts.count == 1
            }
            let ids = try await nodes[0].ids
            for node in nodes {
                #expect(try await node.ids == ids)
                for writer in writers { #expect(try await writer.missing(at: node).isEmpty) }
                #expect(try await node.value("/api/peers", as: [RunningNode.Peer].self).allSatisfy { $0.forks.isEmpty })
            }
            count.withLock { $0 = ids.count }
        }
        return count.withLock { $0 }
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
