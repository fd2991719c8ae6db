import Logging
import NIOCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import Sodium
import Testing

@testable import RhizomeHTTP

/// What only a real socket shows: how requests and answers follow one another, and what isn't a request.
@Suite(.timeLimit(.minutes(2))) struct ServerTests {
    @Test("Requests on one connection are answered one after the other")
    func keepAlive() async throws {
        try await ServerHarness.run { server in
            try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port)
                #expect(try await client.readAnswer().status == 200)
                // Two at once.
                try await client.get("/nothing", port: server.port)
                try await client.get("/api/deltas/count", port: server.port)
                let missing = try await client.readAnswer()
                #expect(missing.status == 404)
                #expect(missing.body == "{\"error\":\"Not Found\"}\n")
                #expect(missing.head.contains("X-Content-Type-Options: nosniff"))
                #expect(try await client.readAnswer().body == "0\n")
                try await client.get("/api/health", port: server.port, "Connection: close\r\n")
                #expect(try await client.readAnswer().status == 200)
                #expect(await client.readToEnd().isEmpty)
            }
        }
    }

    @Test("A PUT in pieces, by length and by chunks, is one request")
    func bodies() async throws {
        try await ServerHarness.run { server in
            try await RawClient.connect(to: server.port) { client in
                let head =
                    "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: application/json\r\n"
                for byte in (head + "Content-Length: 7\r\n\r\n{\"n\":1}").utf8 { try await client.send([byte]) }
                #expect(try await client.readAnswer().body == "{\"id\":\"u1\",\"properties\":{\"n\":1}}\n")
                try await client.send(head + "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"n\r\n4\r\n\":2}\r\n0\r\n\r\n")
                #expect(try await client.readAnswer().body == "{\"id\":\"u1\",\"properties\":{\"n\":2}}\n")
                for (number, expectation) in [(3, "100-continue"), (4, "100-Continue"), (5, "100-CONTINUE")] {
                    try await client.send(head + "Content-Length: 7\r\nExpect: \(expectation)\r\n\r\n")
                    #expect(try await client.readAnswer().status == 100)
                    try await client.send("{\"n\":\(number)}")
                    let answer = try await client.readAnswer()
                    #expect(answer.body == "{\"id\":\"u1\",\"properties\":{\"n\":\(number)}}\n")
                }
            }
        }
    }

    @Test("What a client expects and doesn't get it is told before it sends its body")
    func expectation() async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send(
                    "PUT /api/user/u1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 7\r\nExpect: a-miracle\r\n\r\n"
                )
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 417 "))
            #expect(answer.contains("100-continue"))
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test("Words that HTTP has in any case are taken in any case")
    func cases() async throws {
        try await ServerHarness.run { server in
            let head =
                "PUT /api/user/u1 HTTP/1.1\r\nHOST: LocalHost:\(server.port)\r\nCONTENT-TYPE: Application/Json\r\n"
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send(head + "TRANSFER-ENCODING: Chunked\r\n\r\n7\r\n{\"n\":1}\r\n0\r\n\r\n")
                #expect(try await client.readAnswer().status == 200)
                try await client.send(head + "content-length: 7\r\nCONNECTION: Close\r\n\r\n{\"n\":2}")
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.contains("Connection: close"))
            let old = try await RawClient.connect(to: server.port) { client in
                let get = "GET /api/health HTTP/1.0\r\nHost: localhost:\(server.port)\r\n"
                try await client.send(get + "Connection: Keep-Alive\r\n\r\n")
                #expect(try await client.readAnswer().status == 200)
                try await client.send(get + "\r\n")
                return await client.readToEnd()
            }
            #expect(old.hasPrefix("HTTP/1.0 200 "))
        }
    }

    @Test("A peer that closes its side still gets its whole answer")
    func halfClosed() async throws {
        let node = try await MemoryNode.full()
        try await ServerHarness.run(node: node) { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/deltas", port: server.port)
                client.finish()
                return await client.readToEnd()
            }
            let isWhole = answer.utf8.count > 4_000_000 && answer.hasSuffix("]\n\r\n0\r\n\r\n")
            #expect(isWhole)
        }
    }

    @Test("HEAD answers as GET does, without a body, streamed lists too")
    func head() async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send("HEAD /api/health HTTP/1.1\r\nHost: localhost:\(server.port)\r\n\r\n")
                try await client.send("HEAD /api/deltas HTTP/1.1\r\nHost: localhost:\(server.port)\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(answer.split(separator: "HTTP/1.1 200 OK").count == 2)
            #expect(answer.hasSuffix("\r\n\r\n"))
            #expect(!answer.contains("{"))
        }
    }

    @Test("Line ends in a path get into no header")
    func headerInjection() async throws {
        try await ServerHarness.run { server in
            let path = "/api/us%0d%0aX-Injected:%201%0d%0a"
            let answer = try await RawClient.connect(to: server.port) { client in
                for id in 1...2 {
                    try await client.send(
                        "PUT \(path)/\(id) HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"
                            + "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"name\":1}"
                    )
                }
                try await client.send(
                    "GET \(path)/ids?limit=1 HTTP/1.1\r\nHost: localhost:\(server.port)\r\nConnection: close\r\n\r\n"
                )
                return await client.readToEnd()
            }
            #expect(answer.split(separator: "HTTP/1.1 200 OK").count == 3)
            // The page's link names the path as it was asked for.
            #expect(answer.lowercased().contains("us%0d%0ax-injected"))
            #expect(!answer.lowercased().contains("\nx-injected"))
        }
    }

    @Test("HTTP/1.0 gets a list without chunks, ended by the close")
    func http10() async throws {
        try await ServerHarness.run { server in
            try await server.node.fill(deltas: 3, bytes: 1)
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send("GET /api/delta/ids HTTP/1.0\r\nHost: localhost:\(server.port)\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.0 200 OK"))
            #expect(!answer.lowercased().contains("chunked"))
            #expect(answer.hasSuffix("\"]}\n"))
        }
    }

    /// A request that no program should send.
    struct Malformed: CustomTestStringConvertible {
        let testDescription: String
        let request: String
        var status = 400

        static let all = [
            Malformed(
                testDescription: "two ways to end the body",
                request: "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            ),
            Malformed(
                testDescription: "two lengths",
                request: "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"
            ),
            Malformed(testDescription: "space in a name", request: "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
            Malformed(testDescription: "TLS", request: "\u{16}\u{3}\u{1}\r\n\r\n"),
            Malformed(
                testDescription: "a large field",
                request: "GET / HTTP/1.1\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n",
                status: 431
            ),
            Malformed(
                testDescription: "a large target",
                request: "GET /\(String(repeating: "x", count: 40_000)) HTTP/1.1\r\n\r\n",
                status: 431
            ),
            Malformed(
                testDescription: "many fields",
                request: "GET / HTTP/1.1\r\n\(String(repeating: "X: y\r\n", count: 101))\r\n",
                status: 431
            ),
        ]
    }

    @Test("What isn't HTTP/1.1 as it should be is refused in JSON, and the connection closed", arguments: Malformed.all)
    func malformed(_ malformed: Malformed) async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send(malformed.request)
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 \(malformed.status) "))
            #expect(answer.contains("{\"error\":"))
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test("An offer to change the protocol is passed over: an answer, and the connection is closed")
    func upgrade() async throws {
        try await ServerHarness.run { server in
            let offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
            let host = "Host: localhost:\(server.port)\r\n"
            let health = try await RawClient.connect(to: server.port) { client in
                try await client.get("/api/health", port: server.port, offer)
                return await client.readToEnd()
            }
            #expect(health.hasPrefix("HTTP/1.1 200 "))
            let put = try await RawClient.connect(to: server.port) { client in
                let fields = host + offer + "Content-Type: application/json\r\nContent-Length: 7\r\n"
                try await client.send("PUT /api/user/u1 HTTP/1.1\r\n\(fields)\r\n{\"n\":1}")
                return await client.readToEnd()
            }
            #expect(put.hasPrefix("HTTP/1.1 200 "))
            let connect = try await RawClient.connect(to: server.port) { client in
                try await client.send("CONNECT localhost:\(server.port) HTTP/1.1\r\n\(host)\r\n")
                return await client.readToEnd()
            }
            #expect(connect.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test(
        "A body beyond the limit gets 413 before it is read",
        arguments: [
            ("PUT /api/user/u1", "application/json", 2 * 1024 * 1024 + 1),
            ("POST /api/deltas", "application/cbor", 264 * 1024 + 1), ("POST /api/deltas", "application/cbor", Int.max),
        ]
    )
    func tooLarge(_ line: String, _ type: String, _ count: Int) async throws {
        try await ServerHarness.run { server in
            let head = "\(line) HTTP/1.1\r\nHost: localhost:\(server.port)\r\nContent-Type: \(type)\r\n"
            let declared = try await RawClient.connect(to: server.port) { client in
                try await client.send(head + "Content-Length: \(count)\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(declared.hasPrefix("HTTP/1.1 413 "))
            #expect(declared.contains("\"limitBytes\":"))
            guard count < Int.max else { return }
            let chunked = try await RawClient.connect(to: server.port) { client in
                try await client.send(head + "Transfer-Encoding: chunked\r\n\r\n")
                for _ in 0...(count / 65_536) {
                    try await client.send("10000\r\n" + String(repeating: " ", count: 65_536) + "\r\n")
                }
                return await client.readToEnd()
            }
            #expect(chunked.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test("A guard refuses before the body is read")
    func refusedBody() async throws {
        try await ServerHarness.run { server in
            let answer = try await RawClient.connect(to: server.port) { client in
                try await client.send("PUT /api/user/u1 HTTP/1.1\r\nHost: evil.com\r\nContent-Length: 1000000\r\n\r\n")
                return await client.readToEnd()
            }
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test("Requests leave nothing of what they hold in the log, and no line at info")
    func logs() async throws {
        let records = LogRecords()
        let token = HTTPToken(try .random(count: 8))
        try await ServerHarness.run(tokenPolicy: .always, token: token, logger: records.logger) { server in
            let before = records.records.count { $0.level >= .info }
            try await RawClient.connect(to: server.port) { client in
                for method in ["GET", "PUT", "PURPLE"] {
                    try await client.send(
                        "\(method) /api/mauve/green?brown HTTP/1.1\r\nHost: localhost:\(server.port)\r\n"
                    )
                    try await client.send("Content-Type: application/json\r\nAuthorization: Bearer yellow\r\n\r\n")
                    _ = try await client.readAnswer()
                }
            }
            #expect(records.records.count { $0.level >= .info } == before)
            for secret in ["mauve", "green", "brown", "yellow", "PURPLE"] {
                #expect(!records.records.contains { $0.text.contains(secret) })
            }
            #expect(records.records.contains { $0.text.contains("answered") })
        }
    }
}
