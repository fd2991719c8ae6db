import Bytes
import HTTPTypes
import HomeFiles
import NIOCore
import NIOHTTP1
import RhizomeIdentity
import RhizomeTesting
import Sodium
import StrictJSON
import Testing

@testable import RhizomeHTTP

@Suite struct RequestGuardTests {
    private static func token(_ text: String) throws -> HTTPToken {
        let bytes = Array(text.utf8)
        return HTTPToken(
            try SecretBytes(count: bytes.count) { (span: inout MutableRawSpan) in
                for (offset, byte) in bytes.enumerated() {
                    span.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
                }
            }
        )
    }

    @Test(
        "Our own hosts are let in, in any case",
        arguments: ["localhost:3000", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000"]
    )
    func ownHosts(_ host: String) async throws {
        #expect(try await APIHarness().send(.GET, "/api/health", host: host).status == 200)
    }

    @Test(
        "Any other host is refused",
        arguments: [
            "127.0.0.1.evil.com", "127.0.0.1.evil.com:3000", "localhost", "localhost:3001", "localhost:30000",
            "localhost.:3000", "evil.com:3000", "0.0.0.0:3000", "127.0.0.1:3000@evil.com", "localhost:3000,evil.com",
            "127.1:3000", "[::ffff:127.0.0.1]:3000", "[0:0:0:0:0:0:0:1]:3000", "", " localhost:3000",
            "loca\u{212a}ost:3000",
        ]
    )
    func otherHosts(_ host: String) async throws {
        let answer = try await APIHarness().send(.GET, "/api/health", host: host)
        #expect(answer.status == 403)
        #expect(answer["error"]?.text != nil)
    }

    @Test("A request without a Host, or with two, is refused")
    func hostCount() async throws {
        let api = try await APIHarness()
        #expect(try await api.send(.GET, "/api/health", host: nil).status == 400)
        #expect(try await api.get("/api/health", [("Host", "localhost:3000")]).status == 400)
        #expect(try await api.get("/api/health", [("hOST", "evil.com")]).status == 400)
    }

    @Test("A host from the settings is let in with any port, one with a port with that one alone")
    func extraHosts() {
        let hosts = AllowedHosts(
            port: 3000,
            bound: ["0.0.0.0", "192.168.1.2", "fe80::1"],
            extra: [
                .init("Node.Example"), .init("proxy.example", port: 443), .init("plain.example", port: 80),
                .init("other.example", port: 8443), .init("fd00::2"), .init("fd00::3", port: 8443),
                .init("both.example", port: 443), .init("both.example"),
            ]
        )
        for host in [
            "node.example", "node.example:3000", "NODE.example:443", "node.example:65535", "proxy.example",
            "proxy.example:443", "plain.example", "plain.example:80", "other.example:8443", "[fd00::2]",
            "[fd00::2]:3000", "[fd00::3]:8443", "both.example:1", "192.168.1.2:3000", "[fe80::1]:3000",
        ] { #expect(hosts.allows(host: host), "\(host)") }
        for host in [
            "proxy.example:3000", "proxy.example:80", "plain.example:443", "other.example", "other.example:3000",
            "[fd00::3]", "fd00::2", "0.0.0.0:3000", "192.168.1.2", "[fe80::1]", "example:3000", "x.node.example",
            "node.example.", "node.example:", "node.example:0", "node.example:0443", "node.example:+443",
            "node.example:65536", "node.example:443:443", "node.example, evil.com", "user@node.example", "*", "",
        ] { #expect(!hosts.allows(host: host), "\(host)") }
        for origin in [
            "https://node.example", "http://node.example", "https://node.example:8443", "http://node.example:3000",
            "https://proxy.example", "https://proxy.example:443", "http://plain.example", "https://other.example:8443",
            "http://other.example:8443", "https://[fd00::2]", "http://192.168.1.2:3000",
        ] { #expect(hosts.allows(origin: origin), "\(origin)") }
        for origin in [
            "https://localhost:3000", "http://proxy.example", "https://plain.example", "https://other.example",
            "https://192.168.1.2:3000", "ftp://node.example", "node.example", "https://node.example/",
            "https://node.example:8443/", "https://x.node.example", "https://node.example.evil.com", "https://", "null",
            "https://evil.com", "https://https://node.example", "https://user@node.example",
        ] { #expect(!hosts.allows(origin: origin), "\(origin)") }
        #expect(AllowedHosts(port: 80, bound: [], extra: []).allows(host: "localhost"))
        #expect(!AllowedHosts(port: 443, bound: [], extra: []).allows(host: "localhost"))
    }

    @Test("What a page of another site is behind is refused where no Origin of ours goes with it")
    func fetchMetadata() async throws {
        let api = try await APIHarness()
        for (site, status) in [
            ("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403), ("Same-Origin", 403),
            ("", 403),
        ] {
            #expect(try await api.get("/api/health", [("Sec-Fetch-Site", site)]).status == status, "\(site)")
            #expect(try await api.get("/nothing", [("Sec-Fetch-Site", site)]).status == (status == 403 ? 403 : 404))
            let ours = [("Sec-Fetch-Site", site), ("Origin", "http://localhost:3000")]
            #expect(try await api.get("/api/health", ours).status == 200, "\(site)")
            let foreign = [("Sec-Fetch-Site", site), ("Origin", "http://evil.com")]
            #expect(try await api.get("/api/health", foreign).status == 403, "\(site)")
        }
        let two = [("Sec-Fetch-Site", "same-origin"), ("sec-fetch-site", "cross-site")]
        #expect(try await api.get("/api/health", two).status == 403)
    }

    @Test(
        "A foreign origin is refused, for reading and for writing, and nothing is granted",
        arguments: [
            "http://evil.com", "null", "http://localhost", "http://localhost:3001", "https://localhost:3000",
            "http://localhost:3000.evil.com", "http://localhost:3000/", "",
        ]
    )
    func origins(_ origin: String) async throws {
        let api = try await APIHarness()
        let answer = try await api.get("/api/health", [("Origin", origin)])
        #expect(answer.status == 403)
        #expect(!answer.headers.contains { $0.name.rawName.lowercased().hasPrefix("access-control") })
        let write = try await api.send(
            .PUT,
            "/api/user/u1",
            [("Origin", origin), ("Content-Type", "application/json")],
            body: Array("{}".utf8)
        )
        #expect(write.status == 403)
        #expect(try await api.send(.OPTIONS, "/api/user/u1", [("Origin", origin)]).status == 403)
        #expect(try await api.get("/api/health", [("Origin", "http://localhost:3000")]).status == 200)
        let two = [("Origin", "http://localhost:3000"), ("Origin", origin)]
        #expect(try await api.get("/api/health", two).status == 403)
    }

    @Test(
        "A write that a web form could send is refused",
        arguments: [
            nil, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
            "text/plain; application/json", "application/json; charset=utf-16", "application/jsonx", "application/cbor",
        ]
    )
    func contentTypes(_ type: String?) async throws {
        let api = try await APIHarness()
        let headers = type.map { [("Content-Type", $0)] } ?? []
        #expect(try await api.send(.PUT, "/api/user/u1", headers, body: Array("{}".utf8)).status == 415)
        let two = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
        #expect(try await api.send(.PUT, "/api/user/u1", two, body: Array("{}".utf8)).status == 415)
    }

    @Test(
        "JSON is known by its type, whatever its case and parameters",
        arguments: [
            "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"", "application/json ; CharSet=Utf-8 ;",
            "application/json;charset=\"utf\\-8\"",
            "application/json; note=\"a; charset=utf-16\"; charset=utf-8",
        ]
    )
    func json(_ type: String) async throws {
        let answer = try await APIHarness().send(
            .PUT,
            "/api/user/u1",
            [("Content-Type", type)],
            body: Array("{}".utf8)
        )
        #expect(answer.status == 200)
    }

    @Test(
        "A charset other than UTF-8 is refused by its name, a type by those that would do",
        arguments: [
            ("application/json; charset=utf8", "utf-8"), ("application/json; charset=utf-16", "utf-8"),
            ("application/json; charset=", "utf-8"), ("application/json; charset=utf-8; charset=latin1", "utf-8"),
            ("application/json; charset = utf-16", "utf-8"), ("application/json; charset=\"utf-8\"x", "utf-8"),
            ("application/cbor; charset=utf-16", "utf-8"), ("application/json; charset=\"utf-8", "application/cbor"),
            ("text/json", "application/json or application/cbor"),
        ]
    )
    func unsupported(_ type: String, _ word: String) async throws {
        let api = try await APIHarness()
        let answer = try await api.send(.POST, "/api/deltas", [("Content-Type", type)], body: Array("{}".utf8))
        #expect(answer.status == 415)
        #expect(answer["field"] == "Content-Type")
        #expect(answer["error"]?.text?.string.contains(word) == true, "\(answer.text)")
        // Of a type that is right nothing is said.
        let isOfType = word != "utf-8"
        #expect(answer["error"]?.text?.string.contains("Content-Type") == isOfType)
    }

    @Test("The only expectation that is met is 100-continue, in any case; HTTP/1.0 has none")
    func expectations() async throws {
        let api = try await APIHarness()
        for (value, status) in [
            ("100-continue", 200), ("100-Continue", 200), ("100-CONTINUE", 200), ("100-continue, ", 200), ("", 200),
            ("200-ok", 417), ("100-continue, 200-ok", 417), ("100-continue; x=y", 417), ("100-continued", 417),
        ] {
            let answer = try await api.get("/api/health", [("Expect", value)])
            #expect(answer.status == status, "\(value)")
            if status == 417 { #expect(answer["field"] == "Expect") }
            let fields = [("Host", "localhost:3000"), ("Expect", value)]
            let old = HTTPRequestHead(version: .http1_0, method: .GET, uri: "/api/health", headers: HTTPHeaders(fields))
            #expect(try api.api.prepare(old, from: .ownUser).route.pattern == "/api/health")
        }
    }

    @Test("Where a token is needed, every request needs it, whole and once")
    func token() async throws {
        let api = try await APIHarness(tokenPolicy: .always, token: try Self.token("s3cret-token"))
        #expect(try await api.get("/api/health", [("Authorization", "Bearer s3cret-token")]).status == 200)
        #expect(try await api.get("/api/health", [("Authorization", "bearer s3cret-token")]).status == 200)
        for value in [
            "Bearer", "Bearer ", "Bearer s3cret-toke", "Bearer s3cret-token2", "Bearer s3cret-tokeN",
            "Basic s3cret-token",
            "s3cret-token", "Bearers3cret-token",
        ] {
            let answer = try await api.get("/api/health", [("Authorization", value)])
            #expect(answer.status == 401, "\(value)")
            #expect(answer.headers[.wwwAuthenticate] == "Bearer realm=\"rhizome\"")
            #expect(!answer.text.contains("s3cret"))
            #expect(answer["error"] == "token")
            #expect(answer["message"]?.text?.string.contains("http.token") == true)
        }
        #expect(try await api.get("/api/health").status == 401)
        #expect(try await api.get("/nothing").status == 401)
        let two = [("Authorization", "Bearer s3cret-token"), ("Authorization", "Bearer x")]
        #expect(try await api.get("/api/health", two).status == 401)
    }

    @Test("Who needs the token is known by the connection: the own user, another one of this machine, and all others")
    func tokenPolicies() async throws {
        let token = try Self.token("s3cret-token")
        for (policy, free) in [
            (.otherUsers, [.ownUser]), (.offLoopback, [.ownUser, .otherUser(7)]), (.always, []),
        ] as [(HTTPAPI.Configuration.TokenPolicy, Set<ConnectionPeer>)] {
            let api = try await APIHarness(tokenPolicy: policy, token: token)
            let none = try await APIHarness(tokenPolicy: policy, token: nil)
            let bearer = [("Authorization", "Bearer s3cret-token")]
            for peer in [ConnectionPeer.ownUser, .otherUser(7), .elsewhere] {
                let status = free.contains(peer) ? 200 : 401
                #expect(try await api.send(.GET, "/api/health", from: peer).status == status, "\(policy) \(peer)")
                #expect(try await api.send(.GET, "/api/health", bearer, from: peer).status == 200)
                // Without a token nobody can have it.
                #expect(try await none.send(.GET, "/api/health", bearer, from: peer).status == status)
            }
        }
    }

    @Test("Before the node is up, every request gets 503")
    func starting() async throws {
        let answer = try await APIHarness(isStarting: true).get("/api/health")
        #expect(answer.status == 503)
        #expect(answer["error"] == "starting")
    }

    @Test(
        "Paths that could be read in two ways are refused",
        arguments: [
            "/api//health", "//api/health", "/api/health/", "/api/../api/health", "/api/./health", "/api/user/%",
            "/api/user/%2",
            "/api/user/%zz", "/api/user/%ff", "/api/user/%c0%af", "/api/user/%ed%a0%80", "/api/user/\u{e9}",
            "/api/user/a b",
            "/api\\health", "/api/health#x", "http://localhost:3000/api/health", "*", "", "/api/health?a=%zz",
        ]
    )
    func paths(_ path: String) async throws {
        let answer = try await APIHarness().get(path)
        #expect(answer.status == 400)
        #expect(answer["error"]?.text != nil)
    }

    @Test("A method that a path doesn't have gets 405 with those that it has")
    func methods() async throws {
        let api = try await APIHarness()
        for (method, path, allow) in [
            (HTTPMethod.DELETE, "/api/health", "GET, HEAD"), (.POST, "/api/user/u1", "GET, HEAD, PUT"),
            (.DELETE, "/api/deltas", "GET, HEAD, POST"), (.OPTIONS, "/api/user", "PUT"),
            (.RAW(value: "PUTT"), "/metrics", "GET, HEAD"),
        ] {
            let answer = try await api.send(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == allow)
            #expect(answer["error"] == "Method Not Allowed")
        }
        #expect(try await api.send(.PATCH, "/nowhere").status == 404)
        let reserved = try await api.put("/api/peers", "{}")
        #expect(reserved.status == 405 && reserved["message"]?.text?.string.contains("reserved") == true)
        let override = [("X-HTTP-Method-Override", "PUT"), ("Content-Type", "application/json")]
        #expect(try await api.send(.POST, "/api/user/u1?_method=PUT", override).status == 405)
    }

    @Test("The first refusal of another user in a minute is logged with the user's number, the others are counted")
    func strangers() {
        let records = LogRecords()
        let log = StrangerLog(records.logger)
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        for (seconds, user) in [(0, 1_001), (59, 1_002), (59, 1_003), (60, nil), (61, 1_004)] as [(Int64, UInt32?)] {
            log.refused(user: user, now: start + .seconds(seconds))
        }
        let texts = records.records.map(\.text)
        #expect(texts.count == 2)
        #expect(texts.first?.contains("1001") == true && texts.first?.contains("\"refusals.before\": 0") == true)
        #expect(texts.last?.contains("unknown") == true && texts.last?.contains("\"refusals.before\": 2") == true)
    }
}
