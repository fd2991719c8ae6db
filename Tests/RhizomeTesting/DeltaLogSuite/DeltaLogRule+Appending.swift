import Bytes
import RhizomeCore
import SignedStatements
import Testing

extension DeltaLogRule {
    static let appending = [
        DeltaLogRule("positions are dense from 1, and what is held already is left out") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let alice = try maker.chain("alice", 3)
                let bob = try maker.chain("bob", 2)
                #expect(try await log.count() == 0)
                #expect(try await log.append([], cursors: [:]).isEmpty)
                #expect(try await log.append(alice, cursors: [:]).map(\.position) == [1, 2, 3])
                #expect(try await log.append(alice, cursors: [:]).isEmpty)
                let more = try await log.append([alice[1], bob[0], bob[0], alice[2], bob[1]], cursors: [:])
                #expect(more.map(\.position) == [4, 5])
                #expect(more.map(\.id) == bob.map(\.delta.id))
                #expect(try await log.count() == 5)
                #expect(try await log.deltas(after: 0, limit: 10).map(\.position) == [1, 2, 3, 4, 5])
            }
        },
        DeltaLogRule("a batch in which a delta lacks a previous is refused whole") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let alice = try maker.chain("alice", 4)
                let bob = try maker.chain("bob", 1)
                _ = try await log.append([alice[0]], cursors: ["f": 1])
                await #expect(throws: DeltaLogError(.notClosed, "")) {
                    try await log.append([bob[0], alice[2]], cursors: ["f": 2])
                }
                await #expect(throws: DeltaLogError(.notClosed, "")) {
                    try await log.append([alice[2], alice[1]], cursors: ["f": 2])
                }
                #expect(try await log.count() == 1)
                #expect(try await log.cursor("f") == 1)
                #expect(try await log.contains(bob.map(\.delta.id)).isEmpty)
                #expect(try await log.authors().count == 1)
                #expect(try await log.append(bob + alice, cursors: [:]).map(\.position) == [2, 3, 4, 5])
            }
        },
        DeltaLogRule("cursors are set together with an append, also an empty one") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                #expect(try await log.cursor("mail") == 0)
                _ = try await log.append(try maker.chain("alice", 2), cursors: ["mail": 2, "é": 1])
                #expect(try await log.cursor("mail") == 2)
                #expect(try await log.cursor("é") == 1)
                #expect(try await log.cursor("nobody's") == 0)
                _ = try await log.append([], cursors: ["é": 2])
                #expect(try await log.cursor("é") == 2)
                #expect(try await log.cursor("mail") == 2)
            }
        },
        DeltaLogRule("entries hold the bytes, the arrival and the running hash") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let peer = try maker.author("peer")
                let statement = try #require(Bytes32((0..<32).map { UInt8($0) }))
                let arrivals = [
                    Arrival(timeReceived: 1_735_689_700_000_000, receivedFrom: nil, trustStatement: nil),
                    Arrival(timeReceived: 1_735_689_700_000_001, receivedFrom: peer, trustStatement: nil),
                    Arrival(timeReceived: 1_735_689_700_000_002, receivedFrom: peer, trustStatement: statement),
                    Arrival(timeReceived: 1_735_689_700_000_000, receivedFrom: nil, trustStatement: statement),
                    Arrival(timeReceived: 1_735_689_700_000_003, receivedFrom: peer, trustStatement: statement),
                ]
                var log0: [AdmittedDelta] = []
                for arrival in arrivals {
                    log0.append(try maker.delta("alice", after: log0.suffix(1), arrival: arrival))
                    _ = try await log.append(log0.suffix(1), cursors: [:])
                }
                var hash = RunningHash.start
                let entries = try await log.entries(after: 0, maximumBytes: .max)
                #expect(entries.count == arrivals.count)
                for (index, entry) in entries.enumerated() {
                    let delta = log0[index].delta
                    #expect(entry.position == Int64(index + 1))
                    #expect(entry.id == delta.id)
                    #expect(entry.header == delta.headerBytes)
                    #expect(entry.body == delta.bodyBytes)
                    #expect(entry.arrival == arrivals[index])
                    hash = RunningHash.next(
                        after: hash,
                        position: entry.position,
                        id: entry.id,
                        arrival: entry.arrival
                    )
                    #expect(entry.runningHash == hash)
                }
                let two = entries[2].weight + entries[3].weight
                for (bytes, positions) in [(two, [3, 4]), (two - 1, [3]), (0, [3])] as [(Int, [Int64])] {
                    #expect(try await log.entries(after: 2, maximumBytes: bytes).map(\.position) == positions)
                }
                #expect(try await log.entries(after: 5, maximumBytes: two).isEmpty)
                #expect(try await log.deltas(after: 0, limit: 9).map(\.arrival) == arrivals)
            }
        },
        DeltaLogRule("a stall is noted once per id and version, and told by this version alone") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let first = try maker.delta("alice")
                _ = try await log.append([first], cursors: [:])
                let delta = try maker.misfit("alice", after: first)
                let stall = Stall(delta, reason: .timeOrder, version: "1")
                let foreign = try maker.misfit("alice", after: first)
                try await log.record([stall])
                try await log.record([Stall(delta, reason: .chain, version: "1")])
                try await log.record([
                    Stall(delta, reason: .timeOrder, version: "0"),
                    Stall(foreign, reason: .timeOrder, version: "0"),
                ])
                #expect(try await log.stalls() == [stall])
                #expect(try await log.stalled([foreign.id, delta.id]) == [delta.id])
                #expect(try await log.contains([delta.id]).isEmpty)
            }
        },
        DeltaLogRule("a stall that what is held doesn't prove keeps no delta out") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let chain = try maker.chain("alice", 2)
                let (fitting, late) = (SignedHeader(chain[1].delta), try maker.misfit("alice", after: chain[1]))
                _ = try await log.append([chain[0]], cursors: [:])
                try await log.record([fitting, late].map { Stall($0, reason: .timeOrder, version: "1") })
                #expect(try await log.stalls().map(\.id) == [fitting.id, late.id])
                #expect(try await log.stalled([fitting.id, late.id]).isEmpty)
                _ = try await log.append([chain[1]], cursors: [:])
                #expect(try await log.stalled([fitting.id, late.id]) == [late.id])
            }
        },
        DeltaLogRule("of more stalls than are kept the oldest are forgotten") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let first = try maker.delta("alice")
                _ = try await log.append([first], cursors: [:])
                let stalls = try (0..<Stall.most + 3).map { _ in
                    Stall(try maker.misfit("alice", after: first), reason: .timeOrder, version: "1")
                }
                try await log.record(Array(stalls.prefix(5)))
                try await log.record(Array(stalls.dropFirst(5)))
                #expect(try await log.stalls() == Array(stalls.dropFirst(3)))
                #expect(try await log.stalled(stalls.prefix(4).map(\.id)) == [stalls[3].id])
            }
        },
        DeltaLogRule("readers see a batch whole or not at all") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let chain = try maker.chain("alice", 200)
                let author = try maker.author("alice")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for start in stride(from: 0, to: 200, by: 10) {
                            let batch = Array(chain[start..<start + 10])
                            _ = try await log.append(batch, cursors: ["c": Int64(start + 10)])
                        }
                    }
                    for _ in 0..<2 {
                        group.addTask {
                            var count: Int64 = 0
                            while count < 200 {
                                count = try await log.count()
                                #expect(count.isMultiple(of: 10))
                                let heads = try await log.heads(of: author)
                                #expect(heads.allSatisfy { $0.sequence % 10 == 9 })
                                #expect(try await log.cursor("c") >= count)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        },
    ]

    static let reading = [
        DeltaLogRule("deltas, links and ids are found as far as they are held") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let held = try maker.chain("alice", 700) + maker.chain("bob", 3)
                let missing = try maker.chain("carol", 700)
                _ = try await log.append(held, cursors: [:])
                let ids = (held + missing).map(\.delta.id).shuffled()
                let heldIDs = Set(held.map(\.delta.id))
                #expect(try await log.contains(ids + ids) == heldIDs)
                #expect(try await log.contains([]).isEmpty)
                let links = try await log.links(of: ids + ids)
                #expect(Set(links.keys) == heldIDs)
                for delta in held { #expect(links[delta.delta.id] == DeltaLink(delta.delta)) }
                let found = try await log.deltas(ids + ids)
                #expect(found.count == held.count)
                #expect(Set(found.map(\.id)) == heldIDs)
                for stored in found { #expect(stored.delta.bytes == held[Int(stored.position) - 1].delta.bytes) }
                #expect(try await log.deltas([]).isEmpty)
            }
        },
        DeltaLogRule("deltas come by position, page after page") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let chain = try maker.chain("alice", 25)
                _ = try await log.append(chain, cursors: [:])
                var read: [DeltaID] = []
                var position: Int64 = 0
                while true {
                    let page = try await log.deltas(after: position, limit: 10)
                    guard let last = page.last else { break }
                    #expect(page.count <= 10)
                    read += page.map(\.id)
                    position = last.position
                }
                #expect(read == chain.map(\.delta.id))
                #expect(try await log.deltas(after: 25, limit: 10).isEmpty)
                #expect(try await log.deltas(after: 0, limit: 0).isEmpty)
                #expect(try await log.deltas(after: -5, limit: 1).map(\.position) == [1])
            }
        },
    ]
}
