import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import SignedStatements

/// One node fetches what another holds, each in a process of its own, over CURVE on loopback.
struct CatchUp {
    /// Where the nodes have their homes; the serving ones' are kept from one run to the next.
    let folder: String

    private static let count = 100_000
    private static let authorCount = 8
    private static let manyAuthors = 10_000
    private static let target = 0.6

    func run() async throws {
        try await fetchLongLogs()
        try await compareManyAuthors()
    }

    // MARK: - Long logs

    /// An empty store takes 100,000 deltas by 8 authors: how much of its processor time verifying them needs.
    private func fetchLongLogs() async throws {
        let source = try makeHome("source", keeping: true)
        try await StoreBuild(folder: source.data, count: Self.count, authors: Self.authorCount).run()
        let log = try SQLiteDeltaLog.openForReading(folder: source.data, version: "bench", now: SystemTime.now)
        let sample = try await log.deltas(after: 0, limit: 20_000).map(\.delta)
        let authors = try await log.authors().map(\.author)
        try log.close()

        let bare = BareVerification(sample)
        let width = ProcessInfo.processInfo.activeProcessorCount
        // Before and after: what a shared machine gives changes within seconds.
        var each = try bare.processorTime()
        var onAll = try await bare.rate(onCores: width).perSecond
        let target = try makeHome("target")
        let cost = try fetch(Self.count, from: source, to: target, authors: authors)
        each = (each + (try bare.processorTime())) / 2
        onAll = (onAll + (try await bare.rate(onCores: width).perSecond)) / 2

        let share = each.seconds * Double(Self.count) / cost.processor.seconds
        let rate = Rate(Self.count, cost.elapsed)
        print("catching up     \(Self.count) deltas by \(Self.authorCount) authors from one peer, verified and durable")
        print("  processor     \(cost.processor.text), of which bare libsodium needs ", terminator: "")
        print(
            "\((each * Self.count).text): \(Self.percent(share)); target 60 %: \(share >= Self.target ? "met" : "MISSED")"
        )
        print("  in all        \(cost.elapsed.text), \(rate); bare libsodium on \(width) cores ", terminator: "")
        print("\(Int(onAll))/s: \(Self.percent(rate.perSecond / onAll)) of that")
        print("  memory        \(cost.memoryKiB / 1024) MiB at most (VmHWM)")
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded(.down))) %" }

    // MARK: - Many authors

    /// Two nodes hold 10,000 authors' logs, all but one the same: how long until that one is found and fetched.
    private func compareManyAuthors() async throws {
        let source = try makeHome("many-source")
        let target = try makeHome("many-target")
        let firsts = try DeltaFactory.firsts(by: Self.manyAuthors)
        for (home, held) in [(source, firsts), (target, firsts.dropLast())] {
            let log = try SQLiteDeltaLog.open(folder: home.data, version: "bench", now: SystemTime.now)
            _ = try await log.append(Array(held), cursors: [:])
            try log.close()
        }
        let cost = try fetch(Self.manyAuthors, from: source, to: target, authors: firsts.map(\.delta.author))
        print(
            "first contact   \(Self.manyAuthors) authors compared, the one delta that lacked fetched: ",
            terminator: ""
        )
        print("\(cost.elapsed.text); \(cost.processor.text) of processor time with the start")
        for home in [source, target] { try FileManager.default.removeItem(atPath: home.path) }
    }

    // MARK: - Nodes

    private struct BenchmarkHome {
        let home: Home
        let identity: Identity

        var path: String { home.path }
        var data: String { home.path + "/data" }
    }

    private func makeHome(_ name: String, keeping: Bool = false) throws -> BenchmarkHome {
        let path = folder + "/" + name
        if keeping, let home = try? Home.open(path) {
            return BenchmarkHome(home: home, identity: try home.identity())
        }
        let (home, identity) = try LocalNode.makeHome(path)
        return BenchmarkHome(home: home, identity: identity)
    }

    /// Runs both nodes until the fetching one holds so many deltas.
    private func fetch(
        _ count: Int,
        from source: BenchmarkHome,
        to target: BenchmarkHome,
        authors: [PublicKey]
    ) throws -> BenchmarkNode.Cost {
        try state([.trust(target.identity.publicKey, name: nil, may: [.connect])], in: source)
        let serving = try NodeProcess(home: source.path, arguments: [])
        defer { serving.end() }
        guard let line = serving.readLine(), let address = PeerAddress(String(line)) else {
            throw BenchmarkError("the serving node didn't start")
        }
        let trust = [TrustChange.trust(source.identity.publicKey, name: nil, addresses: [address], may: [.connect])]
        try state(trust + authors.map { .trust($0, name: nil, may: [.author]) }, in: target)
        let fetching = try NodeProcess(home: target.path, arguments: ["--until", "\(count)"])
        defer { fetching.end() }
        guard fetching.readLine() != nil, let cost = fetching.readLine().flatMap({ BenchmarkNode.Cost($0) }) else {
            throw BenchmarkError("the fetching node failed")
        }
        return cost
    }

    private func state(_ changes: [TrustChange], in home: BenchmarkHome) throws {
        try LocalNode.state(changes, in: home.home, by: home.identity)
    }
}
