import Foundation
import RhizomeTesting
import Testing

/// Who has to show the token to a whole node, by the kernel's word on real connections.
@Suite struct TokenTests {
    /// A user of no program and no file.
    private static let stranger = ["--reuid=64321", "--regid=64321", "--clear-groups", "curl"]

    /// What another user of this machine is answered; `nil`, with a printed line, where this one can't be another.
    private static func stranger(
        _ node: RunningNode,
        _ path: String,
        _ options: String...
    ) async throws -> (status: Int, body: String)? {
        guard geteuid() == 0 else {
            print("skipped: only root can ask as another user (setpriv)")
            return nil
        }
        return try await curl("http://\(node.http)\(path)", options, as: stranger)
    }

    @Test("by default the node's user needs no token on loopback, and another user of the machine does")
    func otherUsers() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in
                    #expect(try await node.put("/api/user/u1", #"{"name":"Ann"}"#).status == 200)
                    guard let refused = try await Self.stranger(node, "/api/user/u1") else { return }
                    #expect(refused.status == 401)
                    #expect(refused.body.hasPrefix(#"{"error":"token","#), "\(refused.body)")
                    #expect(refused.body.contains("http.token"))
                    let write = ["-X", "PUT", "-H", "Content-Type: application/json", "--data", #"{"name":"Eve"}"#]
                    for path in ["/api/health", "/metrics", "/nothing"] {
                        #expect(try await Self.stranger(node, path)?.status == 401, "\(path)")
                    }
                    #expect(try await curl("http://\(node.http)/api/user/u1", write, as: Self.stranger).status == 401)
                    #expect(try await node.property("name", of: "/api/user/u1") == "Ann")
                    // The first refusal in a minute, and with whose it was.
                    let line = try await node.command.errors.line(within: .seconds(30)) {
                        $0.contains("without the token")
                    }
                    #expect(line.contains("64321"))
                    #expect(await node.command.errors.lines.filter { $0.contains("without the token") }.count == 1)
                    let bearer = "Authorization: Bearer " + (try Self.token(of: home))
                    let read = try await Self.stranger(node, "/api/user/u1", "-H", bearer)
                    #expect(read?.body == #"{"id":"u1","properties":{"name":"Ann"}}"#)
                }
            }
        }
    }

    @Test(
        "off-loopback lets all users of the machine in, always nobody without the token",
        arguments: [("off-loopback", 200), ("always", 401)]
    )
    func policies(policy: String, status: Int) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running(["RHIZOME_HTTP_API_TOKEN": policy]) { node in
                    #expect(try await node.ask("/api/health").status == status)
                    guard let answer = try await Self.stranger(node, "/api/health") else { return }
                    #expect(answer.status == status)
                }
            }
        }
    }

    @Test("bound to all addresses, loopback is told from others, over IPv4 and IPv6", arguments: ["*", "::", "::1"])
    func wildcard(address: String) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running(["RHIZOME_HTTP_API_ADDR": address]) { node in
                    let port = node.http.split(separator: ":").last ?? ""
                    for host in address == "*" ? ["127.0.0.1"] : address == "::" ? ["127.0.0.1", "[::1]"] : ["[::1]"] {
                        let url = "http://\(host):\(port)/api/health"
                        #expect(try await curl(url, []).status == 200, "\(host)")
                        guard geteuid() == 0 else { continue }
                        #expect(try await curl(url, [], as: Self.stranger).status == 401, "\(host)")
                    }
                    guard address == "*", let own = try await Self.ownAddress() else { return }
                    let url = "http://\(own):\(port)/api/health"
                    let host = ["-H", "Host: localhost:\(port)"]
                    #expect(try await curl(url, host).status == 401)
                    let bearer = "Authorization: Bearer " + (try Self.token(of: home))
                    #expect(try await curl(url, host + ["-H", bearer]).status == 200)
                }
            }
        }
    }

    /// Opens a connection as one user, gives it to a process of another, which asks for `/api/health` on it; prints the
    /// status.
    private static let handedOn = """
        import os, socket, sys
        host, port = sys.argv[1].split(":")
        opener, asker = int(sys.argv[2]), int(sys.argv[3])
        here, there = socket.socketpair(socket.AF_UNIX)
        if os.fork() == 0:
            os.setuid(opener)
            connection = socket.create_connection((host, int(port)))
            socket.send_fds(here, [b"x"], [connection.fileno()])
            os._exit(0)
        _, descriptors, _, _ = socket.recv_fds(there, 1, 1)
        os.setuid(asker)
        connection = socket.socket(fileno=descriptors[0])
        connection.sendall(b"GET /api/health HTTP/1.1\\r\\nHost: localhost:%s\\r\\nConnection: close\\r\\n\\r\\n" % port.encode())
        print(connection.makefile("rb").readline().split()[1].decode())
        """

    @Test("a connection belongs to who opened it, whoever asks on it")
    func handedOn() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in
                    guard geteuid() == 0 else { return print("skipped: only root can be two users") }
                    for (opener, asker, status) in [("0", "64321", "200"), ("64321", "0", "401")] {
                        let outcome = try await BuiltCommand("python3", in: "/usr/bin")
                            .run(["-c", Self.handedOn, node.http, opener, asker])
                        #expect(outcome.output == status + "\n", "\(opener) to \(asker): \(outcome.errors)")
                    }
                }
            }
        }
    }

    @Test("what a program of the node's user hands on passes, as a tunnel by ssh does; not where all need the token")
    func tunnel() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                for (policy, status) in [("other-users", 200), ("always", 401)] {
                    try await home.running(["RHIZOME_HTTP_API_TOKEN": policy]) { node in
                        guard geteuid() == 0 else { return print("skipped: only root can ask as another user") }
                        let port = node.http.split(separator: ":").last.flatMap { Int($0) } ?? 0
                        try await TCPProxy.running(to: [node.http]) { proxy in
                            let url = "http://\(proxy.host):\(port)/api/health"
                            let host = ["-H", "Host: localhost:\(port)"]
                            let answer = try await curl(url, host, as: Self.stranger)
                            #expect(answer.status == status, "\(policy)")
                        }
                    }
                }
            }
        }
    }

    @Test("to be root in a namespace of one's own doesn't make another user the node's, nor does another network")
    func namespaces() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running { node in
                    let url = "http://\(node.http)/api/health"
                    let asRoot = Array(Self.stranger.dropLast()) + ["unshare", "--user", "--map-root-user"]
                    let probe = try await BuiltCommand("setpriv", in: "/usr/bin").run(asRoot + ["true"])
                    if geteuid() == 0, probe.exitCode == 0 {
                        #expect(try await curl(url, [], as: asRoot + ["curl"]).status == 401)
                    } else {
                        print("skipped: no user namespace for another user (unshare --user)")
                    }
                    // A container's loopback is another one.
                    let elsewhere = ["--net", "curl", "--silent", "--max-time", "10", url]
                    let outcome = try await BuiltCommand("unshare", in: "/usr/bin").run(elsewhere)
                    #expect(outcome.exitCode != 0 && outcome.output.isEmpty)
                }
            }
        }
    }

    private static func token(of home: NodeHome) throws -> String {
        try String(contentsOfFile: home.path + "/http.token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// An address of this machine other than loopback; `nil`, with a printed line, where it has none.
    private static func ownAddress() async throws -> String? {
        let outcome = try await BuiltCommand("hostname", in: "/usr/bin").run(["-I"])
        guard let address = outcome.output.split(separator: " ").first(where: { $0.contains(".") }) else {
            print("skipped: this machine has no address but loopback")
            return nil
        }
        return String(address)
    }
}
