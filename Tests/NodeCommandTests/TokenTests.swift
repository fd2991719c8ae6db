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
