import Bytes
import DatabaseTesting
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Restarts, restored backups and forks between real nodes (spec: admission.md, "Forks").
@Suite(.timeLimit(.minutes(5))) struct OwnLogHealingTests {
    /// A copy of a log's first deltas, as a backup would hold them.
    private static func backup(of log: InMemoryDeltaLog, first count: Int) async throws -> InMemoryDeltaLog {
        let backup = InMemoryDeltaLog(epoch: log.epoch)
        for stored in try await log.deltas(after: 0, limit: count) {
            var made: [DeltaID: SignedDelta] = [:]
            for before in try await backup.deltas(stored.delta.header.previous) { made[before.id] = before.delta }
            let admitted = try stored.delta.admitted(after: made, arrival: stored.arrival)
            _ = try await backup.append([admitted], cursors: [:])
        }
        return backup
    }

    @Test("after a restart with the same log both catch up with what was written meanwhile")
    func restart() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await alice.running { first in
            try bob.trust(alice, at: first.network.requestAddress)
            for round in 1...3 {
                // Written while bob is away.
                _ = try await first.database.write([.name("alice \(round)")])
                try await bob.running { second in
                    _ = try await second.database.write([.name("bob \(round)")])
                    try await eventually("round \(round) is everywhere") {
                        try await holds(Int64(2 * round), alice.log, bob.log)
                    }
                }
            }
        }
        for log in [alice.log, bob.log] {
            for author in try await log.authors() {
                #expect(try await log.forks(of: author.author, limit: 100).isEmpty)
            }
        }
    }

    @Test("a restored backup asks for its own log before the first write, and doesn't fork")
    func heals() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await bob.running { second in
            try bob.trust(alice)
            try alice.trust(bob, at: second.network.requestAddress)
            try await alice.running { first in
                _ = try await first.database.write((0..<5).map { .name("alice \($0)") })
                try await eventually("bob holds all five") { try await bob.log.count() == 5 }
            }
            let restored = try await Self.backup(of: alice.log, first: 2)
            try await alice.running(log: restored) { first in
                let written = try await first.database.write([.name("after the backup")])
                #expect(written.first?.delta.header.sequence == 5)
                #expect(try await restored.count() == 6)
                #expect(try await restored.forks(of: alice.identity.publicKey, limit: 100).isEmpty)
                try await eventually("bob holds the sixth") { try await bob.log.count() == 6 }
                #expect(try await bob.log.forks(of: alice.identity.publicKey, limit: 100).isEmpty)
            }
        }
    }

    @Test("a backup that could not heal in time forks; both sides end with all branches, and the next write merges")
    func forks() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try bob.trust(alice)
        try await bob.running { second in
            try alice.trust(bob, at: second.network.requestAddress)
            try await alice.running { first in
                _ = try await first.database.write((0..<5).map { .name("alice \($0)") })
                try await eventually("bob holds all five") { try await bob.log.count() == 5 }
            }
        }
        let restored = try await Self.backup(of: alice.log, first: 2)
        // Bob is away.
        try await alice.running(log: restored) { first in
            _ = try await first.database.write([.name("a fork")])
            try await bob.running { second in
                try alice.trust(bob, at: second.network.requestAddress)
                try await eventually("both hold both branches") {
                    try await holds(6, restored, bob.log)
                }
                for log in [restored, bob.log] {
                    let forks = try await log.forks(of: alice.identity.publicKey, limit: 100)
                    #expect(forks.map(\.sequence) == [2])
                }
                #expect(try await second.network.peers().last?.forks.count == 1)
                let merge = try await first.database.write([.name("merged")])
                #expect(merge.first?.delta.header.previous.count == 2)
                try await eventually("bob holds the merge") { try await bob.log.count() == 7 }
                #expect(try await bob.log.heads(of: alice.identity.publicKey).count == 1)
            }
        }
    }

    @Test("a peer's cursor beyond the end of a restored log starts over, so nothing written since is missed")
    func cursorAfterRestore() async throws {
        let alice = try TestNode("alice")
        try await alice.running { first in
            _ = try await first.database.write([.name("a"), .name("b")])
            try await RawPeer.running { peer, _ in
                try alice.trust(peer.key, as: "raw")
                try await peer.connect(to: first)
                try await peer.greet()
                func news(_ cursor: [UInt8]?) async throws -> NewsMethod.Reply {
                    let reply = try await peer.ask(NewsMethod(cursor: cursor, limit: 100).encoded)
                    return try NewsMethod.decode(reply: reply)
                }
                let all = try await news(nil)
                #expect(all.heads.count == 1)
                #expect(try await news(all.cursor).heads.isEmpty)
                for position in [3, Int64.max, -1, Int64.min] {
                    var beyond = all.cursor
                    for index in 0..<8 {
                        beyond[beyond.count - 1 - index] = UInt8(truncatingIfNeeded: position >> (8 * Int64(index)))
                    }
                    #expect(try await news(beyond).heads == all.heads)
                }
                #expect(try await news([1, 2, 3]).heads == all.heads)
                #expect(try await news([]).heads == all.heads)
            }
        }
    }

    @Test("the first write waits no longer than 3 s for a peer that doesn't answer, and the second not at all")
    func silentPeer() async throws {
        let alice = try TestNode("alice")
        // TEST-NET-1: nobody answers there.
        try alice.trust(TestNode("bob"), at: "192.0.2.1:7000")
        let clock = ContinuousClock()
        try await alice.running { first in
            let waited = try await clock.measure { _ = try await first.database.write([.name("a")]) }
            #expect(waited > .seconds(2) && waited < .seconds(20))
            let again = try await clock.measure { _ = try await first.database.write([.name("b")]) }
            #expect(again < .seconds(2))
        }
    }
}
