import Bytes
import Foundation
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

/// Nodes that find each other on a network of their own, and what others on it can do (spec: meeting.md, "Local network").
@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: NamespaceNetwork.isPermitted, "network namespaces aren't permitted here (they need root)")
)
struct LocalNetworkTests {
    private struct Peer: Decodable {
        struct Address: Decodable, Equatable { let address, source: String }
        let name, state: String
        let addresses: [Address]
    }

    /// A node in a namespace.
    private struct Node {
        let command: RunningCommand
        let host: NamespaceNetwork.Host
        let http: String

        func peer(_ name: String) async throws -> Peer? {
            let answer = try await host.run("curl", "--silent", "--max-time", "10", "http://\(http)/api/peers")
            return try JSONDecoder().decode([Peer].self, from: Data(answer.utf8)).first { $0.name == name }
        }
    }

    /// Runs a node there, bound to all addresses but for its HTTP API.
    private func running(
        _ home: NodeHome,
        at host: NamespaceNetwork.Host,
        _ more: [String: String] = [:],
        _ body: @Sendable (Node) async throws -> Void
    ) async throws {
        let settings = home.settings.merging(["RHIZOME_ADDRESS": "*"]) { $1 }.merging(more) { $1 }
        let (_, exitCode) = try await NamespaceNetwork.ip.withRunning(
            host.prefix + [home.node.path, "run", "--json"],
            environment: settings
        ) { command in
            let line = try await command.output.line(within: .seconds(60)) { $0.hasPrefix("{") }
            struct Addresses: Decodable { let http: String }
            let addresses = try JSONDecoder().decode(Addresses.self, from: Data(line.utf8))
            try await body(Node(command: command, host: host, http: addresses.http))
            command.signal(SIGTERM)
            try await command.end(within: .seconds(10))
        }
        #expect(exitCode == 0)
    }

    /// Tells each packet to the group on standard output, with where it comes from.
    private static let listening = """
        import socket, struct, sys
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wire.bind(("239.255.82.90", 4002))
        group = socket.inet_aton("239.255.82.90") + socket.inet_aton(sys.argv[1])
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        print("listening", flush=True)
        while True:
            packet, (source, _) = wire.recvfrom(4096)
            print(source, packet.hex(), flush=True)
        """

    /// Sends packets to the group, as they come on standard input.
    private static let sending = """
        import socket, sys
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
        for line in sys.stdin:
            packet, count = line.split()
            for _ in range(int(count)):
                wire.sendto(bytes.fromhex(packet), ("239.255.82.90", 4002))
        """

    private func withWire(
        at host: NamespaceNetwork.Host,
        _ body: @Sendable (RunningCommand) async throws -> Void
    ) async throws {
        _ = try await NamespaceNetwork.ip.withRunning(
            host.prefix + ["python3", "-c", Self.listening, host.address]
        ) { wire in
            _ = try await wire.output.line { $0 == "listening" }
            try await body(wire)
        }
    }

    private func send(_ packets: [(hex: String, count: Int)], from host: NamespaceNetwork.Host) async throws {
        let outcome = try await NamespaceNetwork.ip.run(
            host.prefix + ["python3", "-c", Self.sending, host.address],
            input: packets.map { "\($0.hex) \($0.count)\n" }.joined()
        )
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    /// Three people who trust each other and know nothing of where they are.
    private func makeFriends(_ names: String..., in folder: TemporaryFolder) async throws -> [NodeHome] {
        var homes: [NodeHome] = []
        for name in names { homes.append(try await NodeHome.make(name, in: folder, at: "10.77.0.9")) }
        for home in homes {
            for other in homes where other.name != home.name { try await home.trust(other) }
        }
        return homes
    }

    @Test(
        "peers that know no address find each other, by IPv4 or IPv6; what is sent holds no key",
        arguments: [true, false]
    )
    func found(hasIPv4: Bool) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await makeFriends("alice", "bob", "carol", in: folder)
                try await NamespaceNetwork.with(4, hasIPv4: hasIPv4) { hosts in
                    @Sendable func meet() async throws {
                        try await running(homes[0], at: hosts[0]) { alice in
                            try await running(homes[1], at: hosts[1]) { bob in
                                try await running(homes[2], at: hosts[2]) { carol in
                                    try await expectConnected([alice, bob, carol], hasIPv4: hasIPv4)
                                }
                            }
                        }
                    }
                    guard hasIPv4 else { return try await meet() }
                    try await withWire(at: hosts[3]) { wire in
                        try await meet()
                        try await expectSecrecy(wire, of: homes)
                    }
                }
            }
        }
    }

    private func expectConnected(_ nodes: [Node], hasIPv4: Bool) async throws {
        for (node, name) in zip(nodes, ["bob", "carol", "alice"]) {
            try await eventually("\(name) is found") { try await node.peer(name)?.state == "connected" }
        }
        for (node, (name, other)) in zip(nodes, zip(["bob", "carol", "alice"], nodes.dropFirst() + nodes.prefix(1))) {
            // Who was found may have come by itself before it was heard of.
            try await eventually("\(name)'s place is told") {
                try await node.peer(name)?.addresses.first { $0.source == "local-network" } != nil
            }
            let address = try await node.peer(name)?.addresses.first { $0.source == "local-network" }?.address
            if hasIPv4 {
                #expect(address == "\(other.host.address):4000")
            } else {
                #expect(address?.hasPrefix("[fe80:") == true && address?.hasSuffix("%eth0]:4000") == true)
            }
        }
    }

    private func expectSecrecy(_ wire: RunningCommand, of homes: [NodeHome]) async throws {
        let heard = await wire.output.lines.dropFirst().map { $0.split(separator: " ").map(String.init) }
        #expect(Set(heard.compactMap(\.first)).count == 3, "each of the three was heard")
        let packets = heard.compactMap(\.last)
        #expect(Set(packets).count == packets.count, "none is sent twice")
        for home in homes {
            let did = try await home.did
            let key = try #require(PublicKey(did: did))
            let transportKey = try #require(key.transportKey)
            for text in [key.bytes.array, transportKey.array, Array(did.utf8.suffix(40))] {
                let hex = text.map { String(format: "%02x", $0) }.joined()
                #expect(!packets.contains { $0.contains(hex.prefix(16)) }, "\(home.name)")
            }
        }
    }

    @Test("packets sent again from elsewhere, forged ones and floods lead nowhere, and hold up nobody")
    func attacked() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await makeFriends("alice", "bob", in: folder)
                try await NamespaceNetwork.with(3) { hosts in
                    let (first, second, stranger) = (hosts[0], hosts[1], hosts[2])
                    try await withWire(at: stranger) { wire in
                        try await running(homes[0], at: first) { _ in
                            _ = try await wire.output.line { $0.hasPrefix(first.address) }
                        }
                        let line = try #require(await wire.output.lines.last { $0.hasPrefix(first.address) })
                        let packet = String(line.split(separator: " ")[1])
                        let forged = String(packet.prefix(54)) + String(repeating: "00", count: 128)
                        try await running(homes[1], at: second) { bob in
                            try await send([(packet, 3), (forged, 3), ("00", 3), (packet, 50_000)], from: stranger)
                            #expect(try await bob.peer("alice")?.addresses == [], "nobody is found by that")
                            #expect(try await bob.peer("alice")?.state == "unreachable")
                            try await running(homes[0], at: first) { alice in
                                try await eventually("alice herself is found") {
                                    try await bob.peer("alice")?.state == "connected"
                                }
                                try await send([(packet, 50_000)], from: stranger)
                                #expect(try await alice.peer("bob")?.state == "connected")
                                let places = try await bob.peer("alice")?.addresses.map(\.address) ?? []
                                #expect(!places.contains { $0.hasPrefix(stranger.address) })
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("RHIZOME_LAN=false, a node on loopback, and one without peers send nothing")
    func off() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let homes = try await makeFriends("alice", "bob", "dave", in: folder)
                let carol = try await NodeHome.make("carol", in: folder, at: "10.77.0.9")
                try await NamespaceNetwork.with(5) { hosts in
                    try await withWire(at: hosts[4]) { wire in
                        try await running(homes[0], at: hosts[0], ["RHIZOME_LAN": "false"]) { _ in
                            try await running(homes[1], at: hosts[1], ["RHIZOME_ADDRESS": "127.0.0.1"]) { _ in
                                try await running(carol, at: hosts[2]) { _ in
                                    try await running(homes[2], at: hosts[3]) { _ in
                                        try await eventually("dave has sent three packets") {
                                            await wire.output.lines.count { $0.hasPrefix(hosts[3].address) } >= 3
                                        }
                                    }
                                }
                            }
                        }
                        let others = await wire.output.lines.dropFirst().filter { !$0.hasPrefix(hosts[3].address) }
                        #expect(others.isEmpty)
                    }
                }
            }
        }
    }
}
