import Bytes
import DatabaseTesting
import Locks
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Catching up goes on where it stopped, page by page (spec: peering.md, "Catching up").
@Suite struct ResumingTests {
    @Test("after a page that could not be kept, what was kept before isn't fetched again")
    func resumes() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        // Three pages of one log.
        let count = 40
        let text = String(repeating: "x", count: 64_000)
        let log = HookedLog()
        let appends = Lock(0)
        log.beforeWrite {
            let number = appends.withLock { appends in
                appends += 1
                return appends
            }
            if number == 2 { throw DeltaLogError(.disk, "the disk is full") }
        }
        try await alice.running { first in
            for _ in 0..<count {
                _ = try await first.database.write([.name(text)])
            }
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running(log: log) { second in
                let key = alice.identity.publicKey
                try await eventually("bob has accepted all") {
                    second.database.ledger.counts(of: key).accepted == count
                }
                #expect(try await log.count() == count)
                #expect(second.database.ledger.counts(of: key).duplicate == 0)
                #expect(log.batches.count >= 3, "a page at a time: \(log.batches)")
                #expect(log.batches.allSatisfy { $0.bytes < 2 << 20 }, "no page is large: \(log.batches)")
            }
        }
    }

    @Test("once it has subscribed a node asks for news: what was published before has gone past it")
    func subscribed() async throws {
        let alice = try TestNode("alice")
        try await RawPeer.running { peer, address in
            try await alice.running { _ in
                try alice.trust(peer.key, as: "raw", at: address)
                try await eventually("it asks on connecting") { peer.count(of: "news") >= 1 }
                // By its timetable it would ask again 8 s later at the earliest.
                try await eventually("it asks again", within: .seconds(7)) { peer.count(of: "news") >= 2 }
            }
        }
    }
}
