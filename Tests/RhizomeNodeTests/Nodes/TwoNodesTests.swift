import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import Testing

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

@Suite struct TwoNodesTests {
    @Test("what one node writes the other has, by publication and by catching up")
    func exchange() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await alice.running { first in
            let early = try await first.database.write([.name("Alice")])
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { second in
                try await eventually("bob holds what was written before he came") {
                    try await bob.log.count() == 1
                }
                let late = try await first.database.write([.name("Alicia")])
                try await eventually("bob holds what is written now") {
                    try await bob.log.contains(late.map(\.id)).count == 1
                }
                let back = try await second.database.write([.name("Bob", of: "bob")])
                try await eventually("alice, who has no address of bob, holds what bob wrote") {
                    try await alice.log.contains(back.map(\.id)).count == 1
                }
                let held = try await bob.log.deltas(early.map(\.id))
                #expect(held.first?.arrival.receivedFrom == alice.identity.publicKey)
                #expect(second.database.ledger.counts(of: alice.identity.publicKey).accepted == 2)
            }
        }
    }

    @Test("trust given later, on the side without an address too, heals the link by itself")
    func trustLater() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try await alice.running { first in
            _ = try await first.database.write([.name("Alice")])
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { second in
                try await eventually("alice tells of the refused key") { !first.network.refusedKeys().isEmpty }
                try await eventually("bob sees that he is waited upon") {
                    try await second.network.peers().last?.state == .waitingForTrust
                }
                #expect(try await bob.log.count() == 0)
                try alice.trust(bob)
                try await eventually("bob is let in") { try await bob.log.count() == 1 }
            }
        }
    }

    @Test("a peer that loses trust is cut off while it is connected, and what it writes stays out")
    func revocation() async throws {
        let alice = try TestNode("alice")
        let bob = try TestNode("bob")
        try alice.trust(bob)
        try await alice.running { first in
            try bob.trust(alice, at: first.network.requestAddress)
            try await bob.running { second in
                _ = try await first.database.write([.name("Alice")])
                try await eventually("bob has caught up") { try await bob.log.count() == 1 }
                try alice.distrust(bob)
                try await eventually("bob is cut off") {
                    try await second.network.peers().last?.state != .connected
                }
                _ = try await first.database.write([.name("Alicia")])
                _ = try await second.database.write([.name("Bob", of: "bob")])
                try await eventually("bob is refused for good") {
                    try await second.network.peers().last?.state == .waitingForTrust
                }
                #expect(try await bob.log.count() == 2)
                #expect(try await alice.log.count() == 2)
            }
        }
    }
}
