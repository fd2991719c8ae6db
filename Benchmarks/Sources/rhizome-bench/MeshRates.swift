import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import SignedStatements

/// What a write costs in a network of many nodes, each of them a process of its own on loopback, and how long it takes
/// until all hold it.
struct MeshRates {
    /// Where the nodes have their homes.
    private let folder: String
    private let count: Int
    private let shape: MeshShape
    private let writes: Int
    private let absentPeers: Int
    private let isOneDistrusted: Bool

    /// How long nodes are left to themselves before anything is measured: they have asked each other by then whom they
    /// are connected with.
    private static let settling = Duration.seconds(30)
    /// Everything that is done at times is done once in it.
    private static let idle = Duration.seconds(60)
    /// Ports below those that the system gives away by itself; each node takes two.
    private static let firstPort = 20_000
    private static let patience = Duration.seconds(300)
    /// Nobody listens there.
    private static let absentAddress = PeerAddress("127.0.0.1:9")

    private struct Member {
        let home: Home
        let identity: Identity
        let process: NodeProcess
        /// Where its HTTP API is.
        let http: Substring

        /// Asks for a number, over the process's standard input.
        func ask(_ question: String) throws -> Int {
            process.write(question)
            guard let answer = process.readLine().flatMap({ Int($0) }) else {
                throw BenchmarkError("a node ended before its time")
            }
            return answer
        }
    }

    init(_ options: BenchmarkOptions, count: Int) {
        folder = options.nodesFolder
        self.count = count
        shape = options.meshShape
        writes = options.meshWrites
        absentPeers = options.absentPeers
        isOneDistrusted = options.isOneDistrusted
    }

    func run() async throws {
        var generator = SystemRandomNumberGenerator()
        let links = shape.links(among: count, using: &generator)
        let homes = try makeHomes(links)
        print("\(shape.rawValue) of \(count)\(String(repeating: " ", count: 4)) nodes, \(links.count) links")
        let started = ContinuousClock.now
        let members = try start(homes)
        defer { for member in members { member.process.end() } }
        try wait("all links are up") {
            try connections(members) == 2 * links.count
        }
        let took = ContinuousClock.now - started
        tell("start", "all connected after \(took.text), \(try each(members).text) of processor time a node")
        try await Task.sleep(for: Self.settling)
        try await measureWrites(members)
        try await measureIdle(members)
        let memory = try members.map { try $0.process.residentKiB() / 1024 }
        tell("memory", "\(memory.max() ?? 0) MiB at most, \(memory.reduce(0, +) / count) MiB on average (VmRSS)")
        if isOneDistrusted { try measureDistrust(members, links) }
    }

    /// How many peers all nodes are connected with, added up: each link counts twice.
    private func connections(_ members: [Member]) throws -> Int {
        try members.reduce(0) { try $0 + $1.ask("connected") }
    }

    private func makeHomes(_ links: [(Int, Int)]) throws -> [(home: Home, identity: Identity)] {
        let homes = try (0..<count).map { try LocalNode.makeHome(home($0)) }
        for (place, (home, identity)) in homes.enumerated() {
            let neighbours = Set(links.compactMap { $0 == place ? $1 : $1 == place ? $0 : nil })
            var trust: [TrustChange] = homes.indices.filter { $0 != place }.map { other in
                let address = PeerAddress("127.0.0.1:\(Self.firstPort + 2 * other)").map { [$0] } ?? []
                let isNear = neighbours.contains(other)
                return .trust(
                    homes[other].identity.publicKey,
                    name: nil,
                    addresses: isNear ? address : [],
                    may: isNear ? [.author, .connect] : [.author]
                )
            }
            for _ in 0..<(place == 0 ? absentPeers : 0) {
                let addresses = Self.absentAddress.map { [$0] } ?? []
                trust.append(.trust(try Identity.generate().publicKey, name: nil, addresses: addresses))
            }
            try LocalNode.state(trust, in: home, by: identity)
        }
        return homes
    }

    private func home(_ place: Int) -> String { folder + "/mesh-\(place)" }

    private func start(_ homes: [(home: Home, identity: Identity)]) throws -> [Member] {
        let processes = try (0..<count).map { place in
            try NodeProcess(home: home(place), arguments: ["--http", "--port", "\(Self.firstPort + 2 * place)"])
        }
        return try zip(homes, processes).map { home, process in
            guard process.readLine() != nil, let http = process.readLine() else {
                throw BenchmarkError("a node didn't start")
            }
            return Member(home: home.home, identity: home.identity, process: process, http: http)
        }
    }

    /// One write after the other, each at the next node.
    private func measureWrites(_ members: [Member]) async throws {
        let held = try members[0].ask("count")
        let before = try each(members)
        let start = ContinuousClock.now
        for number in 0..<writes {
            // A connection each: where a write takes long, one that stays would be idle for too long.
            let client = try PutLoad(members[number % count].http, clients: 1)
            let status = try client.ask("PUT", "/api/mesh/\(number)", #"{"value":1}"#)
            guard status == 200 else { throw BenchmarkError("a PUT was answered with \(status)") }
        }
        let written = ContinuousClock.now - start
        try wait("all hold all") { try members.allSatisfy { try $0.ask("count") == held + writes } }
        let all = ContinuousClock.now - start
        let cost = try (each(members) - before) / writes
        tell("a write", "\(cost.text) of processor time a node")
        tell("\(writes) writes", "answered after \(written.text), at all nodes after \(all.text)")
    }

    private func measureIdle(_ members: [Member]) async throws {
        let (before, first) = (try each(members), try members[0].process.processorTime)
        let start = ContinuousClock.now
        try await Task.sleep(for: Self.idle)
        let elapsed = ContinuousClock.now - start
        func percent(_ time: Duration) -> Double { (time / elapsed * 10_000).rounded() / 100 }
        let all = percent(try each(members) - before)
        let ofFirst = percent(try members[0].process.processorTime - first)
        tell("idle", "\(all) % of a core a node, \(ofFirst) % the first one")
    }

    /// All neighbours of one node take back their trust in it: it loses all connections, and they keep theirs.
    private func measureDistrust(_ members: [Member], _ links: [(Int, Int)]) throws {
        let lost = count / 2
        let neighbours = links.compactMap { $0 == lost ? $1 : $1 == lost ? $0 : nil }
        let before = try each(members)
        let start = ContinuousClock.now
        for place in neighbours {
            let distrust = TrustChange.distrust(members[lost].identity.publicKey)
            try LocalNode.state([distrust], in: members[place].home, by: members[place].identity)
        }
        try wait("the distrusted one is alone") { try members[lost].ask("connected") == 0 }
        let alone = ContinuousClock.now - start
        try wait("the others are connected") {
            try connections(members) == 2 * (links.count - neighbours.count)
        }
        let cost = try each(members) - before
        tell("distrust", "\(neighbours.count) state it: alone after \(alone.text), the others connected")
        tell("", "after \((ContinuousClock.now - start).text), \(cost.text) of processor time a node")
    }

    /// The nodes' processor time so far, by node.
    private func each(_ members: [Member]) throws -> Duration {
        try members.reduce(.zero) { try $0 + $1.process.processorTime } / count
    }

    private func wait(_ what: String, until isSo: () throws -> Bool) throws {
        let start = ContinuousClock.now
        while try !isSo() {
            guard ContinuousClock.now - start < Self.patience else { throw BenchmarkError("not within 300 s: \(what)") }
            usleep(50_000)
        }
    }

    private func tell(_ name: String, _ text: String) {
        print("  \(name.padding(toLength: 12, withPad: " ", startingAt: 0))  \(text)")
    }
}
