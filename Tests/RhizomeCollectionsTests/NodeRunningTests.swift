import RhizomeCollections
import RhizomeCore
import RhizomeHosting
import RhizomeNode
import RhizomeTesting
import Testing

/// A node in a program's own process.
@Suite struct NodeRunningTests {
    @Test("what was written is there after the node was closed and run again")
    func again() async throws {
        try await withTemporaryFolder { folder in
            let alice = try HomedNode("alice", in: folder)
            let user = User(id: "u", name: "Ann")
            try await alice.running { try await TypedCollection<User>("user", in: $0.database).put(user) }
            let found = try await alice.running { try await TypedCollection<User>("user", in: $0.database).get("u") }
            #expect(found == user)
        }
    }

    @Test("a home has one node at a time, and what the body throws closes it")
    func once() async throws {
        struct Broken: Error {}
        try await withTemporaryFolder { folder in
            let alice = try HomedNode("alice", in: folder)
            await #expect(throws: Broken.self) {
                try await alice.running { _ in
                    await #expect(throws: DeltaLogError(.locked, "")) { try await alice.running { _ in } }
                    throw Broken()
                }
            }
            try await alice.running { _ in }
        }
    }
}
