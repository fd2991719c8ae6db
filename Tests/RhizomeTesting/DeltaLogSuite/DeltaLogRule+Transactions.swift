import Bytes
import RhizomeCore
import SignedStatements
import Testing

extension DeltaLogRule {
    private struct Refusal: Error {}

    static let transactions = [
        DeltaLogRule("a transaction sees what is held and what it appends, and others only once it is over") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let alice = try maker.chain("alice", 2)
                let named = try maker.delta(
                    "alice",
                    [Pointer("user", entity: "u", targetContext: "name")],
                    after: [alice[1]]
                )
                _ = try await log.append([alice[0]], cursors: [:])
                let (links, positions) = try await log.write { transaction in
                    let links = try transaction.links(of: (alice + [named]).map(\.delta.id))
                    #expect(try transaction.glance { $0.position } == 1)
                    #expect(try transaction.glance { try $0.entity("u") } == .some(nil))
                    let first = try transaction.append([alice[1]], cursors: ["mail": 1])
                    let second = try transaction.append([alice[1], named], cursors: ["mail": 2])
                    #expect(try transaction.links(of: [named.delta.id]) == [named.delta.id: DeltaLink(named.delta)])
                    #expect(try transaction.glance { $0.position } == 3)
                    #expect(try transaction.glance { try $0.entity("u") } != .some(nil))
                    return (links, (first + second).map(\.position))
                }
                #expect(links == [alice[0].delta.id: DeltaLink(alice[0].delta)])
                #expect(positions == [2, 3])
                #expect(try await log.count() == 3)
                #expect(try await log.cursor("mail") == 2)
            }
        },
        DeltaLogRule("a glance that throws tells nothing, and the transaction goes on") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let alice = try maker.chain("alice", 1)
                try await log.write { transaction in
                    #expect(try transaction.glance { _ in throw Refusal() } == nil)
                    _ = try transaction.append(alice, cursors: [:])
                }
                #expect(try await log.count() == 1)
            }
        },
        DeltaLogRule("of a transaction that fails nothing is left, not even what names it had given numbers") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                func named(_ author: String, _ collection: Text) throws -> AdmittedDelta {
                    try maker.delta(author, [Pointer(collection, entity: "u", targetContext: "name")])
                }
                _ = try await log.append([try named("alice", "user")], cursors: ["mail": 1])
                let (lost, key) = (try named("bob", "lost"), try maker.author("bob"))
                await #expect(throws: Refusal.self) {
                    try await log.write { transaction in
                        _ = try transaction.append([lost], cursors: ["mail": 2])
                        let numbers = try transaction.glance { snapshot in
                            [try snapshot.context("lost"), try snapshot.author(key)]
                        }
                        #expect(numbers?.contains(nil) == false)
                        throw Refusal()
                    }
                }
                #expect(try await log.count() == 1)
                #expect(try await log.cursor("mail") == 1)
                #expect(try await log.contains([lost.delta.id]).isEmpty)
                _ = try await log.append([try named("carol", "kept")], cursors: [:])
                let carol = try maker.author("carol")
                try await log.read { snapshot in
                    #expect(try snapshot.context("lost") == nil)
                    #expect(try snapshot.author(key) == nil)
                    let context = try #require(try snapshot.context("kept"))
                    #expect(try snapshot.name(ofContext: context) == "kept")
                    let author = try #require(try snapshot.author(carol))
                    #expect(try snapshot.key(of: author) == carol)
                }
                #expect(try await log.append([lost], cursors: [:]).map(\.position) == [3])
            }
        },
    ]
}
