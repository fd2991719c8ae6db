import Bytes
import DatabaseTesting
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeCore
@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// Deltas that are small in bytes and large in everything else: 1,024 pointers each, the most that there may be.
@Suite(.timeLimit(.minutes(20)), .serialized) struct WideDeltaTests {
    @Test("wide deltas by unknown authors, of eight peers at once, wait as bytes; honest writes arrive")
    func unknownAuthors() async throws {
        let peers = 8
        let each = 3_000
        let wide = try (0..<10).map { try Deltas.wide("stranger \($0)", isAboutEntities: false) }
        try await AttackedNode.running(attackers: .init(repeating: { _ in nil }, count: peers)) { alice, attackers in
            try await alice.expectService("wide deltas by unknown authors") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, peer) in attackers.enumerated() {
                        group.addTask {
                            // Nobody checks their signatures: each with another one is another delta that waits.
                            let deltas = (0..<each).map { place in
                                wide[place % wide.count].resigned(UInt32(number * each + place))
                            }
                            // As many bytes at a time as a peer may have under way.
                            for pages in deltas.chunks(of: each / 8).chunks(of: 4) {
                                try await withThrowingTaskGroup(of: Void.self) { group in
                                    for page in pages {
                                        group.addTask { _ = try await peer.ask(PushMethod(page).encoded) }
                                    }
                                    try await group.waitForAll()
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await alice.decided("defer", reason: "unknownAuthor", atLeast: peers * each)
            }
            let bytes = Int(try await alice.node.metric("rhizome_deferred_bytes"))
            print("\(bytes >> 20) MiB wait")
            #expect(bytes > 40 << 20 && bytes <= 64 << 20)
        }
    }

    @Test("five hundred wide deltas that waited for one, and hundreds pushed at once, hold up no honest writes")
    func rows() async throws {
        let chain = try Deltas.wideChain(500, by: "zoe")
        let others = try Deltas.wideChain(300, by: "yan")
        try await AttackedNode.running(authors: ["zoe", "yan"]) { alice, attackers in
            let peer = attackers[0]
            for part in Array(chain.dropFirst()).chunks(of: 250) {
                _ = try await peer.ask(PushMethod(part.map(\.bytes)).encoded)
            }
            #expect(try await alice.node.metric("rhizome_deferred_deltas") == 499)
            try await alice.expectService("500 wide deltas that waited for one, and 300 that didn't") {
                _ = try await peer.ask(PushMethod([chain[0].bytes]).encoded)
                _ = try await peer.request(PushMethod(others.map(\.bytes)).encoded)
                try await alice.decided("accept", atLeast: 800)
            }
        }
    }
}
