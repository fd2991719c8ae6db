import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import SignedStatements

/// How many writes a second the HTTP API of a node takes, how long one takes, and how long until another node shows it.
struct WriteRates {
    /// Where the nodes have their homes.
    let folder: String

    private static let crowd = 16
    private static let writes = 20_000
    private static let writesAlone = 1_000
    private static let visits = 300

    func run() async throws {
        let (home, identity) = try LocalNode.makeHome(folder + "/writes-a")
        let (otherHome, otherIdentity) = try LocalNode.makeHome(folder + "/writes-b")
        print("writes          over HTTP, each of one new property, durable when it is answered")
        try floor(identity)
        let node = try NodeProcess(home: home.path, arguments: ["--http"])
        defer { node.end() }
        guard let request = node.readLine(), let http = node.readLine(), let address = PeerAddress(String(request))
        else {
            throw BenchmarkError("the node didn't start")
        }
        try alone(node, at: http)
        try together(node, at: http)

        let trust: [TrustChange] = [
            .trust(identity.publicKey, name: nil, addresses: [address], may: [.author, .connect])
        ]
        try LocalNode.state(trust, in: otherHome, by: otherIdentity)
        try LocalNode.state([.trust(otherIdentity.publicKey, name: nil, may: [.connect])], in: home, by: identity)
        let other = try NodeProcess(home: otherHome.path, arguments: ["--http"])
        defer { other.end() }
        guard other.readLine() != nil, let otherHTTP = other.readLine() else {
            throw BenchmarkError("the other node didn't start")
        }
        try visible(from: http, at: otherHTTP)
    }

    // MARK: - What nothing can be faster than

    private func floor(_ identity: Identity) throws {
        let path = folder + "/synced"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        guard file >= 0 else { throw BenchmarkError("\(path) can't be written") }
        defer { close(file) }
        let page = [UInt8](repeating: 7, count: 8_192)
        let synced = Latencies(
            (0..<500).map { _ in
                Self.time {
                    _ = unsafe write(file, page, page.count)
                    fdatasync(file)
                }
            }
        )
        print("  fdatasync     of 8 KiB appended, bare: \(synced.text)")
        let signing = Latencies(
            (0..<500).map { _ in Self.time { _ = identity.sign([1, 2, 3], for: .init("rhizome.bench.v1")) } }
        )
        print("  signature     one, bare: \(signing.text)")
    }

    private static func time(_ body: () throws -> Void) rethrows -> Duration {
        try ContinuousClock().measure(body)
    }

    // MARK: - Rates

    private func alone(_ node: NodeProcess, at http: Substring) throws {
        let load = try PutLoad(http, clients: 1)
        _ = try load.run(writes: Self.writesAlone / 10, prefix: "warm")
        let (latencies, _) = try load.run(writes: Self.writesAlone, prefix: "alone")
        let isMet = latencies.median <= .microseconds(1_500)
        print("  one client    \(latencies.text); target p50 1500 µs: \(Self.met(isMet))")
    }

    private func together(_ node: NodeProcess, at http: Substring) throws {
        let load = try PutLoad(http, clients: Self.crowd)
        let before = try node.processorTime
        let (latencies, elapsed) = try load.run(writes: Self.writes, prefix: "crowd")
        let each = (try node.processorTime - before) / Self.writes
        let rate = Rate(Self.writes, elapsed)
        let isMet = rate.perSecond >= 4_000 && latencies.late <= .milliseconds(15)
        print("  \(Self.crowd) clients    \(rate); \(latencies.text); ", terminator: "")
        print("\(each.text) of processor time each; target 4000/s, p99 15 ms: \(Self.met(isMet))")
    }

    private static func met(_ isMet: Bool) -> String { isMet ? "met" : "MISSED" }

    // MARK: - Until another node shows it

    private func visible(from http: Substring, at other: Substring) throws {
        let (writing, reading) = (try PutLoad(http, clients: 1), try PutLoad(other, clients: 1))
        // The first waits for the connection.
        _ = try visit(-1, writing, reading)
        var times: [Duration] = []
        for number in 0..<Self.visits {
            times.append(try visit(number, writing, reading))
            // Else each write meets the end of the one before it.
            usleep(UInt32.random(in: 1_000...20_000))
        }
        let latencies = Latencies(times)
        let isMet = latencies.median <= .milliseconds(4) && latencies.late <= .milliseconds(40)
        print("  elsewhere     from the PUT until another node's GET shows it: \(latencies.text); ", terminator: "")
        print("target p50 4 ms, p99 40 ms: \(Self.met(isMet))")
    }

    private func visit(_ number: Int, _ writing: PutLoad, _ reading: PutLoad) throws -> Duration {
        let path = "/api/bench/visit\(number)"
        let start = ContinuousClock.now
        guard try writing.ask("PUT", path, #"{"value":1}"#) == 200 else { throw BenchmarkError("a PUT failed") }
        while try reading.ask("GET", path) != 200 {
            guard ContinuousClock.now - start < .seconds(60) else { throw BenchmarkError("a write did not arrive") }
            usleep(200)
        }
        return ContinuousClock.now - start
    }
}

/// Times that were measured, by their order.
struct Latencies {
    private let sorted: [Duration]

    /// - Parameter times: one or more.
    init(_ times: [Duration]) { sorted = times.sorted() }

    /// p50.
    var median: Duration { sorted[sorted.count / 2] }
    /// p99.
    var late: Duration { sorted[sorted.count * 99 / 100] }
    /// p50, p99 and the slowest.
    var text: String { "p50 \(median.text), p99 \(late.text), slowest \(sorted[sorted.count - 1].text)" }
}
