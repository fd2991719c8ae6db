import Foundation

/// Hosts on a network of their own: network namespaces, connected by a bridge in another one (ip-netns(8)).
package struct NamespaceNetwork: Sendable {
    /// One of the hosts.
    package struct Host: Sendable {
        /// Its namespace.
        let namespace: String
        /// Its IPv4 address, where the network has them.
        package let address: String

        /// What is put before a command that is to run there.
        package var prefix: [String] { ["netns", "exec", namespace] }

        /// Runs a command there, which must succeed.
        package func run(_ arguments: String...) async throws -> String {
            try await NamespaceNetwork.ip(prefix + arguments)
        }
    }

    /// The command by which all is done.
    package static let ip = BuiltCommand("ip", in: "/usr/sbin")

    /// Whether this user may make such networks: most need root for that, and containers keep even root from it.
    package static let isPermitted: Bool = {
        guard geteuid() == 0, FileManager.default.isExecutableFile(atPath: ip.path) else { return false }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let name = "rhizome-probe-\(getpid())"
        let link = "ip -n \(name) link add name"
        let make = "ip netns add \(name) && \(link) bridge0 type bridge && \(link) port0 type veth"
        process.arguments = ["-c", "(\(make)) >/dev/null 2>&1; code=$?; ip netns del \(name) 2>/dev/null; exit $code"]
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// Makes a network of so many hosts for the time of `body`.
    ///
    /// - Parameter hasIPv4: whether the hosts have IPv4 addresses besides the link-local ones of IPv6.
    package static func with(
        _ count: Int,
        hasIPv4: Bool = true,
        _ body: @Sendable ([Host]) async throws -> Void
    ) async throws {
        let name = "rhizome-\(getpid())-\(UInt32.random(in: .min ... .max))"
        let hosts = (1...count).map { Host(namespace: "\(name)-\($0)", address: "10.77.0.\($0)") }
        let outcome: Result<Void, any Error>
        do {
            try await ip(["netns", "add", name])
            try await ip(["-n", name, "link", "add", "name", "bridge", "type", "bridge", "mcast_snooping", "0"])
            try await ip(["-n", name, "link", "set", "bridge", "up"])
            for (index, host) in hosts.enumerated() {
                let port = "port\(index)"
                try await ip(["netns", "add", host.namespace])
                try await ip([
                    "-n", name, "link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns",
                    host.namespace,
                ])
                try await ip(["-n", name, "link", "set", port, "master", "bridge", "up"])
                if hasIPv4 { try await ip(["-n", host.namespace, "addr", "add", host.address + "/24", "dev", "eth0"]) }
                try await ip(["-n", host.namespace, "link", "set", "lo", "up"])
                try await ip(["-n", host.namespace, "link", "set", "eth0", "up"])
            }
            outcome = .success(try await body(hosts))
        } catch {
            outcome = .failure(error)
        }
        for namespace in hosts.map(\.namespace) + [name] { _ = try? await ip(["netns", "del", namespace]) }
        try outcome.get()
    }

    @discardableResult
    fileprivate static func ip(_ arguments: [String]) async throws -> String {
        let outcome = try await ip.run(arguments)
        guard outcome.exitCode == 0 else {
            throw CommandError(description: "ip \(arguments.joined(separator: " ")): \(outcome.errors)")
        }
        return outcome.output
    }
}
