import Bytes
import RhizomeCore
import SignedStatements
import Testing

private struct ForkCase: Decodable, Sendable {
    let author: String
    let forkedAt: Int64
    let log: [String]
    let ids: [String]
    let heads: [String]
}

extension DeltaLogRule {
    static let forks = [
        DeltaLogRule("the fork of the vectors is told, in every order in which its deltas can come") { lend in
            for test: ForkCase in try TestFiles.cases("fork") {
                var maker = DeltaMaker()
                let log = try test.log.map { try maker.admit(SignedDelta(decoding: try #require(Hex.decode($0)))) }
                let forked = log.map(\.delta).filter { $0.header.sequence == test.forkedAt }.map(\.id).sorted()
                let orders = Self.orders(of: log)
                #expect(orders.count > 1)
                for order in orders {
                    try await lend { store in
                        for delta in order { _ = try await store.append([delta], cursors: [:]) }
                        let author = log[0].delta.author
                        let heads = try await store.heads(of: author).map(\.id.description)
                        #expect(heads == test.heads)
                        let expected = Fork(author: author, sequence: test.forkedAt, ids: forked)
                        #expect(try await store.forks(of: author, limit: 100) == [expected])
                    }
                }
            }
        },
        DeltaLogRule("a straight log has no fork, nor has a merge that names an old delta beside its successor") {
            lend in
            try await lend { log in
                var maker = DeltaMaker()
                let chain = try maker.chain("alice", 6)
                let merge = try maker.delta("alice", after: [chain[5], chain[1], chain[3]])
                let next = try maker.delta("alice", after: [merge, chain[5], chain[0]])
                _ = try await log.append(chain + [merge, next], cursors: [:])
                let author = try maker.author("alice")
                #expect(try await log.forks(of: author, limit: 100).isEmpty)
                #expect(try await log.heads(of: author).map(\.id) == [next.delta.id])
                #expect(try await log.forks(of: try maker.author("bob"), limit: 100).isEmpty)
            }
        },
        DeltaLogRule("two firsts are a fork, and so are two that share a previous, however late they part") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let author = try maker.author("alice")
                let first = try maker.delta("alice")
                let chain = try maker.chain("alice", 3, after: [first])
                let other = try maker.delta("alice")
                // Names the first beside another first: as late as that makes it, it stands beside the chain.
                let late = try maker.delta("alice", after: [first, other])
                let later = try maker.delta("alice", after: [late, first])
                _ = try await log.append([first] + chain + [other, late, later], cursors: [:])
                let firsts = Fork(author: author, sequence: 0, ids: [first, other].map(\.delta.id))
                let parted = Fork(author: author, sequence: 1, ids: [chain[0], late].map(\.delta.id))
                #expect(try await log.forks(of: author, limit: 100) == [firsts, parted])
                // A merge ends no fork and makes none.
                _ = try await log.append([try maker.delta("alice", after: [chain[2], later])], cursors: [:])
                #expect(try await log.forks(of: author, limit: 100) == [firsts, parted])
            }
        },
        DeltaLogRule("a key that began hundreds of histories is one fork with the least ids, and each can be pulled") {
            lend in
            try await lend { log in
                var maker = DeltaMaker()
                let author = try maker.author("alice")
                let firsts = try (0..<300).map { _ in try maker.delta("alice") }
                let seconds = try firsts.prefix(100).map { try maker.delta("alice", after: [$0]) }
                _ = try await log.append(firsts + seconds, cursors: [:])
                let ids = firsts.map(\.delta.id).sorted()
                let forks = try await log.forks(of: author, limit: 10)
                #expect(forks == [Fork(author: author, sequence: 0, ids: ids)])
                #expect(forks.first?.ids == Array(ids.prefix(Fork.mostIDs)))
                #expect(try await log.forks(of: author, limit: 0).isEmpty)
                let heads = (firsts.dropFirst(100) + seconds).map(\.delta)
                #expect(try await log.heads(of: author).count == 300)
                for part in stride(from: 0, to: heads.count, by: 64).map({ heads[$0..<min($0 + 64, heads.count)] }) {
                    let page = try await log.pull(
                        PullRequest(author: author, want: part.map(\.id), have: [], after: nil, maximumBytes: 1 << 20)
                    )
                    let expected = reach(part.map(\.id), in: maker.made).compactMap { maker.made[$0] }
                        .sorted { ($0.header.sequence, $0.id) < ($1.header.sequence, $1.id) }
                    #expect(page.deltas == expected.map(\.bytes))
                }
            }
        },
        DeltaLogRule("forks are those pairs, neither before the other, that share a previous or are both firsts") {
            lend in
            for _ in 0..<8 {
                try await lend { log in
                    try await withSeedAsync { generator in
                        var maker = DeltaMaker()
                        let tangle = try maker.tangle("alice", 60, using: &generator)
                        _ = try await log.append(tangle, cursors: [:])
                        let author = try maker.author("alice")
                        let forks = try await log.forks(of: author, limit: 100)
                        let expected = Self.forks(in: tangle.map(\.delta), maker.made)
                        #expect(Set(forks) == expected, "seed \(generator.seed)")
                        #expect(forks.map(\.sequence) == forks.map(\.sequence).sorted())
                    }
                }
            }
        },
    ]

    /// The rule word for word: for each previous, the earliest of those that stand beside another one.
    private static func forks(in log: [SignedDelta], _ made: [DeltaID: SignedDelta]) -> Set<Fork> {
        let before = Dictionary(uniqueKeysWithValues: log.map { ($0.id, reach([$0.id], in: made)) })
        func isBefore(_ first: SignedDelta, _ second: SignedDelta) -> Bool {
            before[second.id]?.contains(first.id) ?? false
        }
        var forks: Set<Fork> = []
        let groups = log.map { delta in log.filter { $0.header.previous.contains(delta.id) } }
        for siblings in groups + [log.filter { $0.header.previous.isEmpty }] {
            let beside = siblings.filter { one in
                siblings.contains { !isBefore($0, one) && !isBefore(one, $0) }
            }
            let earliest = beside.filter { one in
                !beside.contains { $0.id != one.id && isBefore($0, one) }
            }
            guard let sequence = earliest.map(\.header.sequence).min() else { continue }
            forks.insert(Fork(author: log[0].author, sequence: sequence, ids: earliest.map(\.id)))
        }
        return forks
    }

    /// All orders in which each delta comes after its previous.
    private static func orders(of log: [AdmittedDelta]) -> [[AdmittedDelta]] {
        guard !log.isEmpty else { return [[]] }
        let waiting = Set(log.map(\.delta.id))
        return log.indices.filter { waiting.isDisjoint(with: log[$0].delta.header.previous) }.flatMap { index in
            var rest = log
            let first = rest.remove(at: index)
            return orders(of: rest).map { [first] + $0 }
        }
    }
}
