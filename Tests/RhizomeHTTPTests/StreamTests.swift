import Bytes
import DatabaseTesting
import HTTPTypes
import HummingbirdCore
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// An event as a reader sees it.
private struct Event {
    let name: String
    let id: String?
    let data: JSONObject

    /// Takes an event apart by its lines; chunks of the transfer coding stand between, which are passed over.
    init?(_ text: String) throws {
        var fields: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, ["event", "id", "data"].contains(parts[0]) else { continue }
            fields[parts[0]] = String(parts[1].dropFirst())
        }
        guard let name = fields["event"] else { return nil }
        self.name = name
        id = fields["id"]
        data = try JSONValue(parsing: Array((fields["data"] ?? "").utf8)).object ?? JSONObject()
    }
}

/// An answer that is no stream.
private struct StreamRefused: Error {
    let answer: String
}

/// A reader of a stream.
private struct EventReader {
    var client: RawClient

    mutating func open(_ path: String, _ server: ServerHarness, after id: String? = nil) async throws {
        try await client.get(path, port: server.port, id.map { "Last-Event-ID: \($0)\r\n" } ?? "")
        let head = try await client.read(upTo: "\r\n\r\n")
        guard head.hasPrefix("HTTP/1.1 200 ") else {
            throw StreamRefused(answer: head + (try await client.read(upTo: "}")))
        }
        #expect(head.lowercased().contains("content-type: text/event-stream; charset=utf-8"))
        #expect(head.lowercased().contains("cache-control: no-store"))
        #expect(try await client.read(upTo: "\n\n").hasSuffix("retry: 2000\n\n"))
    }

    /// The next event; comments are passed over.
    mutating func next() async throws -> Event {
        while true {
            let text = try await client.read(upTo: "\n\n")
            if let event = try Event(text) { return event }
        }
    }

    /// The next events up to one of that name.
    mutating func all(upTo name: String) async throws -> [Event] {
        var events: [Event] = []
        repeat { events.append(try await next()) } while events.last?.name != name
        return events
    }
}

/// Streams over real sockets (spec: streams.md).
@Suite(.timeLimit(.minutes(2))) struct StreamTests {
    private func read(
        _ path: String,
        _ server: ServerHarness,
        after id: String? = nil,
        _ body: (inout EventReader) async throws -> Void
    ) async throws {
        try await RawClient.connect(to: server.port) { client in
            var reader = EventReader(client: client)
            try await reader.open(path, server, after: id)
            try await body(&reader)
        }
    }

    private func write(_ properties: JSONObject, of id: String, _ server: ServerHarness) async throws {
        for member in properties.members {
            let value = try #require(Value(member.value))
            _ = try await server.node.database.write([
                Draft(pointers: [
                    Pointer("user", entity: Text(id), targetContext: member.name), Pointer(member.name, value),
                ])
            ])
        }
    }

    @Test("Deltas are told as they are accepted, from now on, from the start, and from where one was")
    func deltas() async throws {
        try await ServerHarness.run { server in
            try await write(["name": "Ann"], of: "u1", server)
            var ids: [String] = []
            try await read("/api/deltas/stream", server) { reader in
                let ready = try await reader.next()
                #expect(ready.name == "ready" && ready.data["position"] == 1)
                for number in 0..<3 { try await write(["age": .integer(Int64(number))], of: "u1", server) }
                for position in 2...4 as ClosedRange<Int64> {
                    let event = try await reader.next()
                    #expect(event.name == "delta" && event.data["position"] == .integer(position))
                    #expect(event.data["pointers"] != nil && event.data["signature"] != nil)
                    #expect(event.id?.hasSuffix("-\(position)") == true)
                    ids.append(try #require(event.id))
                }
            }
            try await read("/api/deltas/stream", server, after: ids[0]) { reader in
                let events = try await reader.all(upTo: "ready")
                #expect(events.map { $0.data["position"] } == [3, 4, 4])
            }
            try await read("/api/deltas/stream?since=\(ids[1])", server) { reader in
                let events = try await reader.all(upTo: "ready")
                #expect(events.map { $0.data["position"] } == [4, 4])
            }
            let rule = #"{"==": [{"var": "pointers.1.target"}, 1]}"#
            let filter = PercentEncoding.encode(Text(rule))
            try await read("/api/deltas/stream?since=start&filter=\(filter)", server) { reader in
                let events = try await reader.all(upTo: "ready")
                #expect(events.map { $0.data["position"] } == [3, 4])
            }
            try await read("/api/deltas/stream?since=start&without=\(server.node.identity.did)", server) { reader in
                let events = try await reader.all(upTo: "ready")
                #expect(events.map(\.name) == ["ready"])
            }
        }
    }

    @Test("Who comes from another log forgets what it knows, and begins at the start")
    func anotherLog() async throws {
        try await ServerHarness.run { server in
            try await write(["name": "Ann"], of: "u1", server)
            let epoch = Hex.encode(server.node.database.log.epoch)
            for id in [String(repeating: "0", count: 32) + "-1", "\(epoch)-2"] {
                try await read("/api/deltas/stream", server, after: id) { reader in
                    let events = try await reader.all(upTo: "ready")
                    #expect(events.map(\.name) == ["reset", "delta", "ready"] && events[0].data["what"] == "epoch")
                }
            }
        }
    }

    @Test("What becomes of a collection's entities is told with what it was before")
    func collection() async throws {
        try await ServerHarness.run { server in
            try await read("/api/user/stream", server) { reader in
                #expect(try await reader.next().name == "ready")
                try await write(["name": "Ann"], of: "u1", server)
                let created = try await reader.next()
                #expect(created.name == "created" && created.data["before"] == .null)
                #expect(created.data["properties"] == ["name": "Ann"] && created.data["changed"] == ["name"])
                try await write(["age": 7], of: "u1", server)
                let updated = try await reader.next()
                #expect(updated.name == "updated" && updated.data["changed"] == ["age"])
                #expect(updated.data["before"] == ["name": "Ann"])
                #expect(updated.data["properties"] == ["age": 7, "name": "Ann"])
                for delta in try await server.node.memory.deltas(after: 0, limit: 2) {
                    _ = try await server.node.database.write([Draft(pointers: .negation(of: delta.id))])
                }
                var event = try await reader.next()
                // Both at once where the reader comes late.
                if event.name == "updated" { event = try await reader.next() }
                #expect(event.name == "deleted" && event.data["properties"] == nil)
            }
        }
    }

    @Test("A stream that is cut anywhere and goes on gives in the end what the collection is")
    func resumption() async throws {
        try await withSeedAsync { random in
            var generator = random
            let seed = random.seed
            var writes: [(id: String, properties: JSONObject)] = []
            for number in 0..<60 {
                writes.append(
                    (
                        "u\(Int.random(in: 0..<8, using: &generator))",
                        ["n": .integer(Int64(number)), Text("p\(number % 3)"): .integer(Int64(number))]
                    )
                )
            }
            let cuts = (0..<60).map { _ in Int.random(in: 1...6, using: &generator) }
            try await ServerHarness.run { [writes] server in
                var known: [Text: JSONValue] = [:]
                var last: String?
                var cuts = cuts[...]
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for (id, properties) in writes { try await write(properties, of: id, server) }
                    }
                    while last?.hasSuffix("-120") != true {
                        let count = cuts.popFirst() ?? 1
                        let path = last == nil ? "/api/user/stream?since=start" : "/api/user/stream"
                        try await read(path, server, after: last) { reader in
                            for _ in 0..<count {
                                let event = try await reader.next()
                                last = event.id
                                guard let id = event.data["id"]?.text else { continue }
                                known[id] = event.data["properties"]
                                if last?.hasSuffix("-120") == true { return }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                for id in Set(writes.map(\.id)) {
                    let entity = try await server.node.database.reader().entity(Text(id))
                    #expect(known[Text(id)] == entity.map { .object($0.properties) }, "seed \(seed)")
                }
            }
        }
    }

    @Test("When trust changes what was told doesn't hold: the stream begins anew, at once, without whom one distrusts")
    func trust() async throws {
        try await ServerHarness.run { server in
            let mallory = try TestAuthors.signer("mallory")
            try server.node.state(.trust(mallory.publicKey, name: "mallory"))
            let said = try SignedDelta(
                pointers: [
                    Pointer("user", entity: "u2", targetContext: "name"), Pointer("name", .text("M")),
                ],
                after: [],
                timeCreated: 1_700_000_000_000_000,
                signer: mallory
            )
            _ = try await server.node.database.submit(said.bytes)
            try await write(["name": "Ann"], of: "u1", server)
            try await read("/api/user/stream?since=start", server) { reader in
                let first = try await reader.all(upTo: "ready")
                #expect(first.map { $0.data["id"] } == ["u2", "u1", nil])
                try server.node.state(.distrust(mallory.publicKey, keep: .none))
                let events = try await reader.all(upTo: "ready")
                #expect(events.map(\.name) == ["reset", "created", "ready"] && events[0].data["what"] == "trust")
                #expect(events[1].data["id"] == "u1")
            }
        }
    }

    @Test("A silent stream is sent a comment every 15 s, and ends with a word when the node stops")
    func silenceAndEnd() async throws {
        try await ServerHarness.run { server in
            try await read("/api/user/stream", server) { reader in
                #expect(try await reader.next().name == "ready")
                try await eventually("the stream waits") { server.node.time.sleeperCount > 0 }
                server.node.time.advance(15)
                #expect(try await reader.client.read(upTo: "\n\n").hasSuffix(":\n\n"))
                await server.stop()
                let end = try await reader.next()
                #expect(end.name == "end" && end.data["error"] == "stopping")
            }
        }
    }

    @Test("64 streams are open at most, and a place is free again once its reader is gone")
    func places() async throws {
        let api = try await APIHarness()
        var streams: [Any] = []
        for _ in 0..<64 { streams.append(await api.respond(to: APIHarness.head("/api/user/stream"))) }
        let refused = try await api.get("/api/user/stream")
        #expect(refused.status == 503 && refused["error"] == "busy")
        streams.removeLast()
        #expect(await api.respond(to: APIHarness.head("/api/deltas/stream")).status == .ok)
    }

    @Test(
        "What can't be a beginning, or can't be looked at so, is refused before a stream begins",
        arguments: [
            "/api/deltas/stream?since=yesterday", "/api/deltas/stream?since=00-1", "/api/user/stream?context=none",
            "/api/user/stream?without=nobody", "/api/user/stream?asOf=2020-01-01", "/api/user/stream?filter=1x",
        ]
    )
    func refused(_ path: String) async throws {
        #expect(try await APIHarness().get(path).status == 400)
    }
}
