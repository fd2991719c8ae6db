import Bytes
import Foundation
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeNode
import SignedStatements

/// How long a write takes to another node: over three hops, and while a trusted peer floods.
struct Spreading {
    /// Where the nodes have their homes.
    let folder: String

    private static let writes = 200
    /// Between two writes of one who writes now and then: longer than what nodes tell of others' logs is gathered.
    private static let pause = Duration.milliseconds(100)
    private static let target = Duration.seconds(1)
    /// Deltas that the flooding peer writes at once.
    private static let flood = 100

    func run() async throws {
        try await relay()
        try await underFlood()
    }

    // MARK: - Over three hops

    /// In a chain of four only neighbours may connect; the first writes, the last is asked.
    private func relay() async throws {
        let nodes = try await start(["relay-a", "relay-b", "relay-c", "relay-d"])
        for (place, node) in nodes.enumerated() {
            for neighbour in [place - 1, place + 1] where nodes.indices.contains(neighbour) {
                try node.trust(nodes[neighbour], may: neighbour == 0 ? [.author, .connect] : [.connect])
            }
            if place > 1 { try node.trust(nodes[0], may: [.author]) }
        }
        let apart = try await times(from: nodes[0], to: nodes[3], apart: Self.pause)
        let inARow = try await times(from: nodes[0], to: nodes[3])
        print("relay           of a write over three hops, each of which verifies and stores it:")
        for (name, times) in [("now and then", apart), ("in a row", inARow)] {
            let label = name.padding(toLength: 13, withPad: " ", startingAt: 0)
            let isMet = times.late <= Self.target
            print("  \(label) \(times.text); target for p99 \(Self.target.text): \(isMet ? "met" : "MISSED")")
        }
        for node in nodes { try await node.end() }
    }

    // MARK: - Beside a flood

    /// One writes now and then, another one without a pause; both are trusted by the third.
    private func underFlood() async throws {
        let nodes = try await start(["writer", "reader", "flood"])
        let (writer, reader, flooding) = (nodes[0], nodes[1], nodes[2])
        try writer.trust(reader, may: [.connect])
        try flooding.trust(reader, may: [.connect])
        try reader.trust(writer, may: [.connect, .author])
        try reader.trust(flooding, may: [.connect, .author])
        let alone = try await times(from: writer, to: reader)
        let before = try await reader.node.database.log.count()
        let start = ContinuousClock.now
        let flood = Task {
            var number: Int64 = 0
            while !Task.isCancelled {
                let drafts = (0..<Self.flood).map { place in
                    Draft(pointers: [Pointer("flood", .integer(number + Int64(place)))])
                }
                _ = try await flooding.node.database.write(drafts)
                number += Int64(Self.flood)
            }
        }
        let beside = try await times(from: writer, to: reader)
        let taken = try await reader.node.database.log.count() - before
        let rate = Rate(Int(taken), ContinuousClock.now - start)
        flood.cancel()
        _ = try? await flood.value
        print("beside a flood  of valid deltas by a trusted peer, a write until another node has stored it:")
        print("  undisturbed   \(alone.text)")
        let ratio = (beside.late / alone.late * 10).rounded() / 10
        print("  disturbed     \(beside.text), late ones \(ratio) times; the flood is taken in at \(rate)")
        for node in nodes { try await node.end() }
    }

    // MARK: - Nodes

    private struct Times {
        let median: Duration
        let late: Duration
        let slowest: Duration

        var text: String { "median \(median.text), p99 \(late.text), slowest \(slowest.text)" }
    }

    private func start(_ names: [String]) async throws -> [LocalNode] {
        var nodes: [LocalNode] = []
        for name in names {
            let (home, identity) = try LocalNode.makeHome(folder + "/" + name)
            nodes.append(try await LocalNode(home: home, identity: identity))
        }
        return nodes
    }

    /// Writes one after the other, each when the one before has arrived and so much time has passed since.
    private func times(
        from writer: LocalNode,
        to reader: LocalNode,
        apart pause: Duration = .zero
    ) async throws -> Times {
        // The first also waits for the connections.
        _ = try await time(-1, from: writer, to: reader)
        var times: [Duration] = []
        for number in 0..<Self.writes {
            try await Task.sleep(for: pause)
            times.append(try await time(number, from: writer, to: reader))
        }
        times.sort()
        return Times(
            median: times[times.count / 2],
            late: times[times.count * 99 / 100],
            slowest: times[times.count - 1]
        )
    }

    private func time(_ number: Int, from writer: LocalNode, to reader: LocalNode) async throws -> Duration {
        let start = ContinuousClock.now
        let written = try await writer.node.database.write([
            Draft(pointers: [Pointer("write", .integer(Int64(number)))])
        ])
        while try await reader.node.database.log.contains(written.map(\.id)).isEmpty {
            guard ContinuousClock.now - start < .seconds(60) else { throw BenchmarkError("a write did not arrive") }
            try await Task.sleep(for: .milliseconds(1))
        }
        return ContinuousClock.now - start
    }
}
