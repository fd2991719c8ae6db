import Bytes
import HTTPTypes
import HummingbirdCore
import Locks
import NIOCore
import NIOHTTP1
import RhizomeCore
import RhizomeDatabase
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Answers share one budget of memory, from the first reading until they are written (spec: views.md, "What an answer
/// costs").
@Suite struct AnswerMemoryTests {
    /// Eight properties of 200,000 bytes each: 5 MB while they are shown.
    private static func wide(_ budget: Budget) async throws -> APIHarness {
        let api = try await APIHarness(answers: budget)
        for number in 0..<8 {
            let value = String(repeating: "x", count: 200_000)
            #expect(try await api.put("/api/user/wide", "{\"p\(number)\": \"\(value)\"}").status == 200)
        }
        #expect(try await api.put("/api/user/small", "{\"p\": 1}").status == 200)
        return api
    }

    /// One who reads what is written, and sees what is taken meanwhile.
    private struct Reader: ResponseBodyWriter {
        final class Seen: Sendable {
            let bytes = Lock(0)
            let most = Lock(0)
        }

        let budget: Budget
        let seen = Seen()

        mutating func write(_ buffer: ByteBuffer) async throws {
            seen.bytes.withLock { $0 += buffer.readableBytes }
            seen.most.withLock { $0 = max($0, budget.taken) }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test(
        "an answer takes memory until it is written or dropped, and others get 503 busy but small ones",
        arguments: [("/api/user/wide", 4 << 20), ("/api/user/wide/history", 1 << 20), ("/api/lossless/wide", 1 << 20)]
    )
    func budget(_ path: String, _ limit: Int) async throws {
        let budget = Budget(limit: limit, patience: .milliseconds(20))
        let api = try await Self.wide(budget)
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": "localhost:3000"])
        do {
            let answer = await api.respond(to: head)
            #expect(answer.status == .ok)
            #expect(budget.taken >= limit)
            let refused = try await api.get(path)
            #expect(refused.status == 503)
            #expect(refused["error"] == "busy")
            #expect(refused.headers[.retryAfter] == "1")
            #expect(try await api.get("/api/user/small").status == 200)
            withExtendedLifetime(answer) {}
        }
        // The reader was gone before anything was written.
        #expect(budget.taken == 0)
        let answer = try await api.get(path)
        #expect(answer.status == 200)
        #expect(answer.body.count > 1_600_000)
        #expect(budget.taken == 0)
    }

    @Test(
        "what is read bit by bit takes as much as waits for the socket, however long it is",
        arguments: [("/api/user/long/history", 1 << 20), ("/api/lossless/long", 2 << 20), ("/api/user/long", 4 << 20)]
    )
    func streamed(_ path: String, _ most: Int) async throws {
        let budget = Budget(limit: 64 << 20)
        let api = try await APIHarness(answers: budget)
        let value = Value.text(Text(String(repeating: "x", count: 20_000)))
        for number in 0..<300 {
            let property = Text("p\(number)")
            let pointers = [Pointer("user", entity: "long", targetContext: property), Pointer(property, value)]
            _ = try await api.node.database.write([Draft(pointers: pointers)])
        }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": "localhost:3000"])
        do {
            let answer = await api.respond(to: head)
            #expect(answer.status == .ok)
            let reader = Reader(budget: budget)
            try await answer.body.write(reader)
            #expect(reader.seen.bytes.withLock { $0 } > 6_000_000)
            #expect((1...most).contains(reader.seen.most.withLock { $0 }))
        }
        #expect(budget.taken == 0)
    }
}
