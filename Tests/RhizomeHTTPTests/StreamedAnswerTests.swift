import Bytes
import DatabaseTesting
import HTTPTypes
import HummingbirdCore
import Locks
import NIOCore
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// Histories, lossless views and large entities, in pages and while they are read (spec: views.md, http.md).
@Suite struct StreamedAnswerTests {
    private static func write(_ property: Text, _ value: Value) -> [Pointer] {
        [Pointer("user", entity: "e", targetContext: property), Pointer(property, value)]
    }

    private static func harness(_ changes: Int) async throws -> APIHarness {
        let api = try await APIHarness()
        let drafts = (0..<changes).map { Draft(pointers: write(Text("p\($0 % 5)"), .integer(Int64($0)))) }
        _ = try await api.node.database.write(drafts)
        return api
    }

    /// All pages from a path on, as they are linked.
    private func pages(_ path: String, of api: APIHarness) async throws -> [Answer] {
        var pages = [try await api.get(path)]
        while let next = pages.last?.next { pages.append(try await api.get(next)) }
        #expect(pages.allSatisfy { $0.status == 200 })
        return pages
    }

    @Test("pages of a history, and of a lossless view, are linked, and together they are the whole")
    func pages() async throws {
        let api = try await Self.harness(23)
        let history = try await api.get("/api/user/e/history")
        #expect(history.next == nil)
        let parts = try await pages("/api/user/e/history?limit=10&authors=\(api.node.database.identity.did)", of: api)
        #expect(parts.map { $0["history"]?.array?.count } == [10, 10, 3])
        #expect(parts.flatMap { $0["history"]?.array ?? [] } == history["history"]?.array)
        // A page that ends with the last one isn't followed by an empty one.
        #expect(try await pages("/api/user/e/history?limit=23", of: api).count == 1)
        let view = try await api.get("/api/lossless/e")
        #expect(view.next == nil)
        for path in ["lossless", "hyperview"] {
            let parts = try await pages("/api/\(path)/e?limit=7", of: api)
            #expect(parts.count == 4)
            #expect(parts.allSatisfy { $0["isComplete"] == true && $0["referencedAs"] == ["user"] })
            var properties: [Text: [JSONValue]] = [:]
            for member in parts.flatMap({ $0["properties"]?.object?.members ?? [] }) {
                properties[member.name, default: []] += member.value.array ?? []
            }
            for member in try #require(view["properties"]?.object).members {
                #expect(properties[member.name] == member.value.array)
            }
        }
    }

    @Test("a transaction's pages are told as such; what isn't one is refused on any page")
    func transactions() async throws {
        let api = try await APIHarness()
        _ = try await api.put("/api/user/u2", #"{"a": 1, "b": 2, "c": 3}"#)
        let id = try #require(try await api.get("/api/transaction/ids")["ids"]?.array?.first?.text)
        let pages = try await pages("/api/transaction/\(id)?limit=1", of: api)
        let names = pages.flatMap { $0["properties"]?.object?.members.map(\.name) ?? [] }
        #expect(names == ["deltas", "deltas", "deltas", "size"])
        #expect(try await api.get("/api/transaction/u2?limit=1").status == 400)
    }

    @Test("a cursor that isn't of this list is refused; one after the end gives an empty page")
    func cursors() async throws {
        let api = try await Self.harness(3)
        let history = try #require(try await api.get("/api/user/e/history?limit=1").next)
        let lossless = try #require(try await api.get("/api/lossless/e?limit=1").next)
        let after = { (path: String) in path.split(separator: "after=").last.map(String.init) ?? "" }
        for path in [
            "/api/user/e/history?after=x", "/api/user/e/history?limit=1&after=\(after(lossless))",
            "/api/lossless/e?limit=1&after=\(after(history))", "/api/lossless/e?after=\(after(history).dropLast(4))",
            "/api/user/e/history?limit=0",
        ] {
            #expect(try await api.get(path).status == 400, "\(path)")
        }
        let moment = Moment(timeCreated: Timestamp(1 << 52), id: DeltaID(Bytes32(repeating: 0)))
        let end = PageCursor.change(EntityHistory.Place(moment: moment, index: 0)).text
        #expect(try await api.get("/api/user/e/history?after=\(end)").json == ["id": "e", "history": []])
        let last = PageCursor.told(LosslessView.Place(property: "z", moment: moment)).text
        let empty: JSONValue = ["referencedAs": [], "properties": [:], "isComplete": true]
        #expect(try await api.get("/api/lossless/e?after=\(last)").json == empty)
        #expect(try await api.get("/api/lossless/nobody?after=\(last)").status == 404)
        #expect(try await api.get("/api/user/nobody/history?after=\(end)").status == 404)
    }

    // MARK: - While they are written

    /// A reader that takes its time, and sees what is under way meanwhile.
    private struct SlowReader: ResponseBodyWriter {
        final class Seen: Sendable {
            let parts = Lock(0)
            let readings = Lock(0)
            let largest = Lock(0)
        }

        let node: MemoryNode
        let seen = Seen()

        mutating func write(_ buffer: ByteBuffer) async throws {
            // Whatever comes meanwhile isn't in the answer.
            _ = try await node.database.write([Draft(pointers: StreamedAnswerTests.write("p1", .text("late")))])
            seen.parts.withLock { $0 += 1 }
            seen.readings.withLock { $0 += node.watched.readsInFlight }
            seen.largest.withLock { $0 = max($0, buffer.readableBytes) }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test("whoever reads slowly holds no reading of the log", arguments: ["history", "lossless", "entity"])
    func slow(kind: String) async throws {
        let node = try await MemoryNode()
        let text = Value.text(Text(String(repeating: "x", count: 10_000)))
        _ = try await node.database.write((0..<150).map { Draft(pointers: Self.write(Text("p\($0)"), text)) })
        let reader = try await node.database.reader(from: Viewpoint())
        let response: Response
        switch kind {
        case "history":
            response = try await .answering(HistoryAnswer(try #require(try await reader.history(of: "e"))))
        case "lossless":
            let view = try #require(try await reader.lossless("e"))
            response = try await .answering(
                LosslessAnswer(view, log: node.database.log, computing: node.database.views.computing)
            )
        default: response = try await EntityAnswer.response(try #require(try await reader.parts(of: "e")))
        }
        let slow = SlowReader(node: node)
        try await response.body.write(slow)
        #expect(slow.seen.parts.withLock { $0 } > 10)
        #expect(slow.seen.readings.withLock { $0 } == 0)
        #expect(slow.seen.largest.withLock { $0 } < 2 << 20)
    }

    @Test("each delta's JSON is made once, however many of its properties it stands under, in bounded memory")
    func madeOnce() async throws {
        let node = try await MemoryNode()
        let pointers = (0..<256).flatMap { Self.write(Text("p\($0)"), .text(Text("value \($0)"))) }
        for _ in 0..<10 { _ = try await node.database.write([Draft(pointers: pointers)]) }
        let reader = try await node.database.reader(from: Viewpoint())
        let view = try #require(try await reader.lossless("e"))
        var answer = LosslessAnswer(view, log: node.database.log, computing: node.database.views.computing)
        var (bytes, held) = (0, 0)
        while true {
            let part = try await answer.next()
            if part.isEmpty { break }
            bytes += part.count
            held = max(held, answer.heldBytes)
        }
        #expect(node.watched.fetchedDeltas == 10)
        #expect(bytes > 10 * 256 * 8_000)
        // The ten of them, and what is under way.
        #expect(held < 512 << 10, "\(held)")
        #expect(answer.heldBytes < 64 << 10)
    }

    @Test("where there is no room to keep it, JSON is made again, and the answer is the same")
    func madeAgain() async throws {
        let node = try await MemoryNode()
        let text = Value.text(Text(String(repeating: "x", count: 20_000)))
        let pointers = Self.write("a", text) + Self.write("b", .integer(1)) + Self.write("c", .integer(1))
        for _ in 0..<60 { _ = try await node.database.write([Draft(pointers: pointers)]) }
        let reader = try await node.database.reader(from: Viewpoint())
        let view = try #require(try await reader.lossless("e"))
        var answer = LosslessAnswer(
            view,
            log: node.database.log,
            computing: node.database.views.computing,
            keptBytes: 200_000
        )
        var whole: [UInt8] = []
        var held = 0
        while true {
            let part = try await answer.next()
            if part.isEmpty { break }
            whole += part
            held = max(held, answer.heldBytes)
        }
        // What is made at once comes on top: some 256 KiB.
        #expect(held < 600_000, "\(held)")
        #expect((61..<3 * 60).contains(node.watched.fetchedDeltas))
        let json = try JSONValue(parsing: whole, limits: JSONLimits(bytes: 1 << 26))
        let stored = try await node.memory.deltas(after: 0, limit: 100)
        let told = stored.map { JSONValue.object($0.json.lossless($0.delta.body.pointers, isNegated: false)) }
        let expected: JSONValue = ["a": .array(told), "b": .array(told), "c": .array(told)]
        #expect(json.object?["properties"] == expected)
        #expect(json.object?["isComplete"] == true)
    }

    @Test("a large entity is streamed and a missing one is 404 before the first byte; a PUT's answer is streamed too")
    func large() async throws {
        let api = try await APIHarness()
        let text = String(repeating: "x", count: 100_000)
        var last = try await api.put("/api/user/e", #"{"p": "\#(text)"}"#)
        for number in 0..<12 { last = try await api.put("/api/user/e", #"{"p\#(number)": "\#(text)"}"#) }
        let answer = try await api.get("/api/user/e")
        #expect(answer["properties"]?.object?.members.map(\.name).count == 13)
        #expect(answer["id"] == "e")
        #expect(answer.body == last.body)
        #expect(answer.body.last == UInt8(ascii: "\n"))
        #expect(try await api.get("/api/user/nobody").status == 404)
    }
}
