import Bytes
import RhizomeCore
import SignedStatements
import Testing

extension DeltaLogRule {
    static let logs = [
        DeltaLogRule("heads are what nothing follows, least (sequence, id) first") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let author = try maker.author("alice")
                #expect(try await log.heads(of: author).isEmpty)
                let trunk = try maker.chain("alice", 3)
                let left = try maker.chain("alice", 2, after: [trunk[1]])
                let right = try maker.chain("alice", 2, after: [trunk[1]])
                func expect(_ heads: [AdmittedDelta]) async throws {
                    let expected = heads.map { DeltaLink($0.delta).head }
                        .sorted { ($0.sequence, $0.id) < ($1.sequence, $1.id) }
                    #expect(try await log.heads(of: author) == expected)
                }
                _ = try await log.append(trunk, cursors: [:])
                try await expect([trunk[2]])
                _ = try await log.append(left + [right[0]], cursors: [:])
                try await expect([trunk[2], left[1], right[0]])
                _ = try await log.append([right[1]], cursors: [:])
                try await expect([trunk[2], left[1], right[1]])
                let merge = try maker.delta("alice", after: [trunk[2], left[1]])
                _ = try await log.append([merge], cursors: [:])
                try await expect([merge, right[1]])
                let old = try maker.delta("alice", after: [trunk[0], right[1]])
                let other = try maker.delta("alice")
                _ = try await log.append([old, other], cursors: [:])
                try await expect([merge, old, other])
                _ = try await log.append([try maker.delta("alice", after: [merge, old, other])], cursors: [:])
                try await expect([try #require(try await log.deltas(after: 10, limit: 9).last).admitted(maker)])
            }
        },
        DeltaLogRule("the heads of a part are those of what was written by a moment, and of what some deltas reach") {
            lend in
            for _ in 0..<8 {
                try await lend { log in
                    try await withSeedAsync { generator in
                        var maker = DeltaMaker()
                        let tangle = try maker.tangle("alice", 60, using: &generator)
                        _ = try await log.append(tangle, cursors: [:])
                        let author = try maker.author("alice")
                        for index in [-1, 0, 1, 20, 40, 58, 59] {
                            // Each is a millisecond after the last.
                            let time = tangle[max(0, index)].delta.header.timeCreated + (index < 0 ? -1 : 0)
                            let unknown = DeltaID(Bytes32(repeating: 7))
                            let tips = tangle.shuffled(using: &generator).prefix(2).map(\.delta.id) + [unknown]
                            let early = Set(tangle[...index].map(\.delta.id))
                            for (time, tips) in [(time, nil), (nil, tips), (time, tips), (nil, nil)] {
                                let reached = reach(tips ?? tangle.map(\.delta.id), in: maker.made)
                                let part = tangle.map(\.delta).filter { delta in
                                    reached.contains(delta.id) && (time == nil || early.contains(delta.id))
                                }
                                let followed = Set(part.flatMap(\.header.previous))
                                let expected = part.filter { !followed.contains($0.id) }.map { DeltaLink($0).head }
                                for limit in [0, 1, 2, 100] {
                                    let heads = try await log.heads(
                                        of: author,
                                        upTo: time,
                                        within: tips,
                                        limit: limit
                                    )
                                    #expect(heads.count == min(limit, expected.count), "seed \(generator.seed)")
                                    #expect(Set(heads).isSubset(of: expected), "seed \(generator.seed)")
                                    #expect(Set(heads).count == heads.count, "seed \(generator.seed)")
                                }
                            }
                        }
                        let nobody = try maker.author("bob")
                        #expect(try await log.heads(of: nobody, upTo: nil, within: nil, limit: 9).isEmpty)
                        #expect(try await log.heads(of: author, upTo: nil, within: [], limit: 9).isEmpty)
                    }
                }
            }
        },
        DeltaLogRule("the heads of all come by (author, id), page after page") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                var expected: [AuthorHead] = []
                for number in 0..<9 {
                    let first = try maker.delta("author \(number)")
                    var heads = [first]
                    _ = try await log.append([first], cursors: [:])
                    if number > 0 {
                        heads = []
                        for _ in 0..<number { heads.append(try maker.delta("author \(number)", after: [first])) }
                        _ = try await log.append(heads, cursors: [:])
                    }
                    expected += heads.map { AuthorHead(author: $0.delta.author, id: $0.delta.id) }
                }
                expected.sort { ($0.author, $0.id) < ($1.author, $1.id) }
                for limit in [1, 3, 7, 1_000] {
                    var read: [AuthorHead] = []
                    while true {
                        let page = try await log.heads(after: read.last, limit: limit)
                        #expect(page.count <= limit)
                        if page.isEmpty { break }
                        read += page
                    }
                    #expect(read == expected)
                }
                let unknown = AuthorHead(author: expected[5].author, id: DeltaID(Bytes32(repeating: 0)))
                let first = expected.first { $0.author == expected[5].author }
                #expect(try await log.heads(after: unknown, limit: 1).first == first)
            }
        },
        DeltaLogRule("changes tell of each author once, by its last position, with all its heads") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let nothing = try await log.changes(after: .start, limit: 10)
                #expect(nothing.heads.isEmpty && nothing.cursor == .start && !nothing.hasMore)
                let alice = try maker.chain("alice", 2)
                let bob = try maker.chain("bob", 1)
                let carol = try maker.chain("carol", 1)
                let fork = try maker.delta("alice", after: [alice[0]])
                _ = try await log.append(alice + bob + carol + [fork], cursors: [:])
                let forked = [alice[1], fork].map(\.delta.id).sorted()
                let expected = [bob[0], carol[0]].map(\.delta.id) + forked

                let all = try await log.changes(after: .start, limit: 10)
                #expect(all.heads.map(\.author) == [bob[0], carol[0], fork, fork].map(\.delta.author))
                #expect(all.heads.map(\.id) == expected)
                #expect(all.cursor == ChangeCursor(position: 5) && !all.hasMore)

                var cursor = ChangeCursor.start
                for (place, position) in [3, 4, 5, 5].enumerated() {
                    let page = try await log.changes(after: cursor, limit: 1)
                    #expect(page.heads.map(\.id) == [expected[place]])
                    let parted = place == 2 ? forked[0] : nil
                    #expect(page.cursor == ChangeCursor(position: Int64(position), head: parted))
                    #expect(page.hasMore == (place < 3))
                    cursor = page.cursor
                }
                let last = try await log.changes(after: cursor, limit: 1)
                #expect(last.heads.isEmpty && last.cursor == ChangeCursor(position: 5) && !last.hasMore)
                let beyond = ChangeCursor(position: 5, head: forked[1])
                let none = try await log.changes(after: beyond, limit: 0)
                #expect(none.heads.isEmpty && none.cursor == ChangeCursor(position: 5) && !none.hasMore)
                let still = try await log.changes(after: ChangeCursor(position: 5, head: forked[0]), limit: 0)
                #expect(still.heads.isEmpty && still.cursor.head == forked[0] && still.hasMore)
            }
        },
        DeltaLogRule("an author that changes between two pages of changes is told of again, whole") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let first = try maker.chain("alice", 1)
                let forks = try (0..<5).map { _ in try maker.delta("alice", after: first) }
                _ = try await log.append(first + forks, cursors: [:])
                let page = try await log.changes(after: .start, limit: 3)
                #expect(page.heads.count == 3 && page.hasMore && page.cursor.head == page.heads.last?.id)
                let late = try maker.delta("alice", after: [forks[0]])
                _ = try await log.append([late], cursors: [:])
                let rest = try await log.changes(after: page.cursor, limit: 10)
                #expect(rest.heads.map(\.id) == (forks.dropFirst() + [late]).map(\.delta.id).sorted())
                #expect(rest.cursor == ChangeCursor(position: 7) && !rest.hasMore)
            }
        },
        DeltaLogRule("no head of an author that gets very many is passed over, wherever a page of changes ended") {
            lend in
            try await lend { log in
                var maker = DeltaMaker()
                let most = Changes.headsToldWhole
                // Half of its heads before an honest author, the other half after it.
                let half = try (0..<most / 2).map { _ in try maker.delta("mallory", after: []) }
                let bob = try maker.chain("bob", 1)
                let rest = try (0..<most / 2).map { _ in try maker.delta("mallory", after: []) }
                _ = try await log.append(half + bob + rest, cursors: [:])
                let before = [
                    try await log.changes(after: .start, limit: 1),
                    try await log.changes(after: .start, limit: most / 2),
                ]
                #expect(before.allSatisfy { $0.heads.first?.id == bob[0].delta.id && $0.hasMore })
                // Now it gets more than are told whole, and more after that.
                let more = try (0..<3).map { _ in try maker.delta("mallory", after: []) }
                _ = try await log.append(more, cursors: [:])
                let all = Set((half + rest + more).map(\.delta.id))
                for page in before {
                    let news = try await log.changes(after: page.cursor, limit: 1_000)
                    let ids = news.heads.map(\.id)
                    #expect(Set(ids) == all && ids.count == all.count && !news.hasMore)
                    #expect(Array(ids.suffix(2)) == more.suffix(2).map(\.delta.id))
                }
            }
        },
        DeltaLogRule("of an author with very many heads each is told once, in its own place among the others'") {
            lend in
            try await lend { log in
                var maker = DeltaMaker()
                let most = Changes.headsToldWhole
                let alice = try maker.chain("alice", 1)
                let firsts = try (0..<most).map { _ in try maker.delta("mallory", after: []) }
                _ = try await log.append(alice + firsts, cursors: [:])
                let whole = try await log.changes(after: .start, limit: 1_000)
                #expect(whole.heads.count == most + 1 && whole.cursor == ChangeCursor(position: Int64(most) + 1))

                // One more than are told whole, and an honest author between them.
                let bob = try maker.chain("bob", 1)
                let more = try (0..<2).map { _ in try maker.delta("mallory", after: []) }
                _ = try await log.append([more[0]] + bob + [more[1]], cursors: [:])
                let news = try await log.changes(after: whole.cursor, limit: 1_000)
                let together = (firsts + [more[0]]).map(\.delta.id).sorted()
                #expect(news.heads.map(\.id) == together + [bob[0], more[1]].map(\.delta.id) && !news.hasMore)
                let last = try maker.delta("mallory", after: [])
                _ = try await log.append([last], cursors: [:])
                #expect(try await log.changes(after: news.cursor, limit: 1_000).heads.map(\.id) == [last.delta.id])

                // From the start all are told, in pages of any size, each once.
                for limit in [1, 7, 1_000] {
                    var told: [DeltaID] = []
                    var cursor = ChangeCursor.start
                    while true {
                        let page = try await log.changes(after: cursor, limit: limit)
                        #expect(page.heads.count <= limit)
                        told += page.heads.map(\.id)
                        cursor = page.cursor
                        guard page.hasMore else { break }
                    }
                    #expect(told == [alice[0].delta.id] + together + (bob + [more[1], last]).map(\.delta.id))
                }

                // Merged so far that it is one of few heads again, it is told whole.
                let merges = try stride(from: 0, to: most, by: 8).map { start in
                    try maker.delta("mallory", after: Array(firsts[start..<min(start + 8, most)]))
                }
                _ = try await log.append(merges, cursors: [:])
                let merged = try await log.changes(after: news.cursor, limit: 1_000)
                #expect(merged.heads.map(\.id) == (more + [last] + merges).map(\.delta.id).sorted())
            }
        },
        DeltaLogRule("a fork is found behind thousands of links that are none") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                var chain = try maker.chain("mallory", 2)
                // Each names the two before it: a crossing each, and no fork.
                for _ in 0..<1_100 { chain.append(try maker.delta("mallory", after: chain.suffix(2))) }
                let author = chain[0].delta.author
                _ = try await log.append(chain, cursors: [:])
                #expect(try await log.forks(of: author, limit: 10).isEmpty)
                let fork = try (0..<2).map { _ in try maker.delta("mallory", after: chain.suffix(1)) }
                _ = try await log.append(fork, cursors: [:])
                let found = try await log.forks(of: author, limit: 10)
                #expect(found == [Fork(author: author, sequence: 1_102, ids: fork.map(\.delta.id))])
            }
        },
        DeltaLogRule("authors are told by key, with their counts and last positions") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                #expect(try await log.authors().isEmpty)
                let alice = try maker.chain("alice", 3)
                let bob = try maker.chain("bob", 2)
                _ = try await log.append(bob, cursors: [:])
                _ = try await log.append(alice, cursors: [:])
                let expected = [
                    AuthorSummary(author: try maker.author("alice"), count: 3, lastPosition: 5),
                    AuthorSummary(author: try maker.author("bob"), count: 2, lastPosition: 2),
                ]
                #expect(try await log.authors() == expected.sorted { $0.author < $1.author })
            }
        },
        DeltaLogRule("locators of a straight log are its head, 1, 2, 4, 8, … steps back, and the first") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let author = try maker.author("alice")
                #expect(try await log.locators(of: author).isEmpty)
                var chain: [AdmittedDelta] = []
                for count in [1, 2, 3, 20, 257] {
                    let more = try maker.chain("alice", count - chain.count, after: chain.suffix(1))
                    _ = try await log.append(more, cursors: [:])
                    chain += more
                    var expected = [chain[count - 1].delta.id]
                    var steps = 1
                    while steps < count {
                        expected.append(chain[count - 1 - steps].delta.id)
                        steps *= 2
                    }
                    if expected.last != chain[0].delta.id { expected.append(chain[0].delta.id) }
                    #expect(try await log.locators(of: author) == expected)
                }
            }
        },
        DeltaLogRule("locators of a forked log hold its heads and a first one, each once, at most 256") { lend in
            for size in [1, 20, 120, 120, 1_500] {
                try await lend { log in
                    try await withSeedAsync { generator in
                        var maker = DeltaMaker()
                        let tangle = try maker.tangle("alice", size, using: &generator)
                        _ = try await log.append(tangle, cursors: [:])
                        let author = try maker.author("alice")
                        let locators = try await log.locators(of: author)
                        #expect(locators.count == Set(locators).count)
                        #expect(locators.count <= 256)
                        #expect(Set(try await log.heads(of: author).map(\.id)).isSubset(of: locators))
                        #expect(locators.contains { maker.made[$0]?.header.previous.isEmpty == true })
                        #expect(locators.allSatisfy { maker.made[$0] != nil })
                    }
                }
            }
            try await lend { log in
                var maker = DeltaMaker()
                let first = try maker.delta("alice")
                var heads: [AdmittedDelta] = []
                for _ in 0..<400 { heads.append(try maker.delta("alice", after: [first])) }
                _ = try await log.append([first] + heads, cursors: [:])
                let locators = try await log.locators(of: try maker.author("alice"))
                #expect(locators.count == Set(locators).count)
                #expect(locators.count <= 256)
                #expect(locators.contains(first.delta.id))
                #expect(locators.contains(try #require(heads.map(\.delta.id).max())))
            }
        },
    ]
}

extension StoredDelta {
    fileprivate func admitted(_ maker: DeltaMaker) throws -> AdmittedDelta {
        try delta.admitted(after: maker.made, arrival: arrival)
    }
}
