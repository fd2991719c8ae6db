import Bytes
import HTTPTypes
import HomeFiles
import HummingbirdCore
import Locks
import Logging
import NIOCore
import NIOHTTP1
import PrometheusMetrics
import RhizomeDatabase
import RhizomeIdentity
import RhizomeNode
import RhizomeViews
import StrictJSON
import Testing

@testable import RhizomeHTTP

/// What a request was answered with.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; what isn't JSON is null.
    var json: JSONValue { (try? JSONValue(parsing: body, limits: JSONLimits(bytes: 1 << 26))) ?? .null }

    subscript(name: Text) -> JSONValue? { json.object?[name] }

    /// The path of the next page.
    var next: String? {
        headers[.link].map { String($0.dropFirst().prefix { $0 != ">" }) }
    }
}

/// The API over a node in memory, without a socket.
struct APIHarness {
    static let port: UInt16 = 3000

    let node: MemoryNode
    let api: APIResponder
    let description: APIDescription
    let registry = PrometheusRegistry(HTTPAPI.metricTable + Node.metricTable)

    init(
        tokenPolicy: HTTPAPI.Configuration.TokenPolicy = .otherUsers,
        token: HTTPToken? = nil,
        isStarting: Bool = false,
        lastAudit: @escaping @Sendable () throws -> [UInt8]? = { nil },
        answers: Budget = AnswerMemory.shared
    ) async throws {
        let node = try await MemoryNode(metrics: registry)
        self.node = node
        let hosts = AllowedHosts(port: Self.port, bound: ["127.0.0.1"], extra: [])
        let guarded = RequestGuard(hosts: hosts, tokenPolicy: tokenPolicy, token: token)
        let numbers = Lock(0)
        api = APIResponder(
            database: node.database,
            peers: node.peers,
            version: "1.2.3",
            lastAudit: lastAudit,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            requestGuard: { isStarting ? nil : guarded },
            makeUUID: {
                numbers.withLock { number in
                    number += 1
                    return "made-\(number)"
                }
            },
            metrics: HTTPMetrics(registry),
            registry: registry,
            answers: answers
        )
        description = APIDescription(OpenAPIDocument(routes: api.table.routes, version: "1.2.3").json)
    }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ headers: [(String, String)] = [],
        host: String? = "localhost:3000",
        from peer: ConnectionPeer = .ownUser,
        body: [UInt8] = []
    ) async throws -> Answer {
        var fields = HTTPHeaders(headers)
        if let host { fields.add(name: "Host", value: host) }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: fields)
        let answer = try await Answer(await respond(to: head, from: peer, body: body))
        for fault in description.faults(of: answer, to: method, path, body: body) {
            Issue.record("\(method) \(path): \(fault)")
        }
        return answer
    }

    /// The header of a GET.
    static func head(_ path: String) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": "localhost:\(port)"])
    }

    /// The answer before it is written.
    func respond(to head: HTTPRequestHead, from peer: ConnectionPeer = .ownUser, body: [UInt8] = []) async -> Response {
        do {
            return await api.respond(to: try api.prepare(head, from: peer), body: body)
        } catch {
            return api.refuse(error)
        }
    }

    func get(_ path: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send(.GET, path, headers)
    }

    func put(_ path: String, _ json: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send(.PUT, path, [("Content-Type", "application/json")] + headers, body: Array(json.utf8))
    }

    func delete(_ path: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send(.DELETE, path, headers)
    }

    func post(_ json: String) async throws -> Answer {
        try await send(.POST, "/api/deltas", [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    func post(cbor: [UInt8]) async throws -> Answer {
        try await send(.POST, "/api/deltas", [("Content-Type", "application/cbor")], body: cbor)
    }

    func post(sequence cbor: [UInt8]) async throws -> Answer {
        try await send(.POST, "/api/deltas", [("Content-Type", "application/cbor-seq")], body: cbor)
    }
}

private final class Collected: Sendable {
    let bytes = Lock<[UInt8]>([])
}

private struct CollectingWriter: ResponseBodyWriter {
    let collected: Collected
    mutating func write(_ buffer: ByteBuffer) async throws {
        collected.bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
    }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

extension Answer {
    fileprivate init(_ response: Response) async throws {
        let collected = Collected()
        try await response.body.write(CollectingWriter(collected: collected))
        self.init(
            status: response.status.code,
            headers: response.headers,
            body: collected.bytes.withLock { $0 }
        )
    }
}
