import Foundation
import RhizomeTesting
import Testing

/// A node behind a proxy with TLS, both as the README says.
@Suite struct TLSProxyTests {
    private static let origin = "Origin: https://\(TLSProxy.host)"
    private static let json = "Content-Type: application/json"

    /// Writes the field with the token into a file, from which curl takes it: an argument could be read by others.
    private static func bearer(of home: NodeHome) throws -> String {
        let token = try String(contentsOfFile: home.path + "/http.token", encoding: .utf8)
        let file = home.folder.path("bearer")
        try "Authorization: Bearer \(token)".write(toFile: file, atomically: true, encoding: .utf8)
        return "@" + file
    }

    @Test(
        "a browser reads and writes through a proxy with TLS, with the token, and pages of other sites don't",
        arguments: [TLSProxy.host, "\(TLSProxy.host):443"]
    )
    func browser(hosts: String) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let settings = ["RHIZOME_HTTP_API_HOSTS": hosts, "RHIZOME_HTTP_API_TOKEN": "always"]
                try await home.running(settings) { node in
                    let bearer = try Self.bearer(of: home)
                    try await TLSProxy.running(before: node) { proxy in
                        try await Self.checkPages(of: proxy, bearer)
                        try await Self.checkStrangers(to: proxy, bearer)
                    }
                }
            }
        }
    }

    @Test("where the proxy runs as another user than the node, whoever comes through it needs the token by default")
    func otherUser() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                try await home.running(["RHIZOME_HTTP_API_HOSTS": TLSProxy.host]) { node in
                    let bearer = try Self.bearer(of: home)
                    let (without, with) = try await TLSProxy.running(before: node) { proxy in
                        (try await proxy.ask("/api/health"), try await proxy.ask("/api/health", "-H", bearer))
                    }
                    // Started by root, nginx does its work as www-data; else it stays whose it is.
                    #expect(without.status == (geteuid() == 0 ? 401 : 200))
                    #expect(with.status == 200)
                }
            }
        }
    }

    /// What a page of the proxy's host sends.
    private static func checkPages(of proxy: TLSProxy, _ bearer: String) async throws {
        let health = try await proxy.ask("/api/health", "-H", bearer)
        #expect(health.status == 200, "\(health)")
        let own = ["-H", "Sec-Fetch-Site: same-origin", "-H", "Sec-Fetch-Mode: cors", "-H", "Sec-Fetch-Dest: empty"]
        let put = try await proxy.ask(
            "/api/user/u1",
            ["-X", "PUT", "-H", bearer, "-H", origin, "-H", json, "--data", #"{"name":"Ann"}"#] + own
        )
        #expect(put.status == 200, "\(put)")
        let read = try await proxy.ask("/api/user/u1", ["-H", bearer] + own)
        #expect(read.status == 200)
        #expect(read.body == #"{"id":"u1","properties":{"name":"Ann"}}"#)
        let typed = try await proxy.ask("/api/user/ids", "-H", bearer, "-H", "Sec-Fetch-Site: none")
        #expect(typed.body == #"{"ids":["u1"]}"#)
        // What nginx takes by default is less than what the API does: here it is the API that finds it too large.
        let large = #"{"name":""# + String(repeating: "x", count: 1_200_000) + #""}"#
        let answer = try await proxy.ask(
            "/api/user/u1",
            ["-X", "PUT", "-H", bearer, "-H", json, "--data-binary", "@-"],
            input: large
        )
        #expect(answer.status == 400, "\(answer)")
    }

    /// What others send.
    private static func checkStrangers(to proxy: TLSProxy, _ bearer: String) async throws {
        let write = ["-X", "PUT", "-H", json, "--data", #"{"name":"Eve"}"#]
        for (fields, status) in [
            (["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"], 403),
            (["Origin: https://evil.example"], 403), (["Origin: null"], 403), (["Sec-Fetch-Site: cross-site"], 403),
            (["Sec-Fetch-Site: same-site"], 403), (["Host: evil.example"], 403), (["Host: localhost"], 403),
        ] {
            let options = (fields + [bearer]).flatMap { ["-H", $0] }
            #expect(try await proxy.ask("/api/user/u1", options).status == status, "\(fields)")
            #expect(try await proxy.ask("/api/user/u1", write + options).status == status, "\(fields)")
        }
        #expect(try await proxy.ask("/api/user/u1").status == 401)
        #expect(try await proxy.ask("/api/user/u1", write + ["-H", origin]).status == 401)
        let after = try await proxy.ask("/api/user/u1", "-H", bearer)
        #expect(after.body == #"{"id":"u1","properties":{"name":"Ann"}}"#)
    }
}
