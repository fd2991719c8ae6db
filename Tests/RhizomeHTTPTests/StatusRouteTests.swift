import Bytes
import CoreMetrics
import DatabaseTesting
import Foundation
import HTTPTypes
import Locks
import PrometheusMetrics
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeNode
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeHTTP

@Suite struct StatusRouteTests {
    @Test("Health names the node")
    func health() async throws {
        let api = try await APIHarness()
        api.node.time.advance(42)
        #expect(
            try await api.get("/api/health").json == [
                "status": "ok", "identity": .string(api.node.identity.did), "peerId": "taliesin's node",
                "version": "1.2.3", "uptimeSeconds": 42,
            ]
        )
    }

    @Test("Health tells what keeps every write from working, and from when on it does")
    func unwritable() async throws {
        let api = try await APIHarness()
        let then = api.node.time.now
        try await api.node.fill(deltas: 1, bytes: 1)
        #expect(try await api.get("/api/health")["clock"] == nil)
        api.node.time.advance(-900)
        let error = try #require(api.node.database.writeError)
        let answer = try await api.get("/api/health")
        #expect(answer.status == 200)
        let writableAt = then + 1 - DeltaLimits.ahead
        #expect(
            answer["clock"] == ["message": .string(error.message), "writableAt": .integer(writableAt.microseconds)]
        )
        #expect(answer["status"] == "ok")
    }

    @Test("Peers are listed with all their fields, null where nothing is known")
    func peers() async throws {
        let api = try await APIHarness()
        let id = DeltaID(Bytes32(repeating: 1))
        let identity = api.node.identity
        api.node.peers.tell(
            [
                PeerStatus(
                    identity: identity,
                    name: "me",
                    requestAddress: "127.0.0.1:4000",
                    addresses: [],
                    publishAddress: nil,
                    isSelf: true,
                    isSeedPeer: false,
                    counts: DecisionCounts(),
                    state: .`self`,
                    clockOffsetMicroseconds: nil,
                    roundTripMicroseconds: 130,
                    lastSeen: nil,
                    behind: 3,
                    ahead: nil,
                    forks: [Fork(author: identity, sequence: 2, ids: [id])],
                    stalled: [id]
                )
            ]
        )
        #expect(
            try await api.get("/api/peers").json == [
                [
                    "reqAddr": "127.0.0.1:4000", "addresses": [], "publishAddr": .null, "isSelf": true,
                    "isSeedPeer": false,
                    "deltaCount": ["accepted": 0, "duplicate": 0, "rejected": 0, "deferred": 0],
                    "identity": .string(identity.did), "name": "me", "state": "self",
                    "clockOffsetMicroseconds": .null, "roundTripMicroseconds": 130, "lastSeen": .null,
                    "behind": 3, "ahead": .null,
                    "forks": [["sequence": 2, "ids": [.string(id.description)]]], "stalled": [.string(id.description)],
                ]
            ]
        )
        #expect(try await api.get("/api/peers/count").text == "1\n")
    }

    @Test("Refused keys come with both identities that may be behind them, a known one by name")
    func refused() async throws {
        let api = try await APIHarness()
        let known = try TestAuthors.signer("known").publicKey
        let key = try #require(known.transportKey)
        let candidates = PublicKey.candidates(forTransportKey: key)
        #expect(candidates.count == 2)
        try api.node.state(.trust(known, name: "carol"))
        api.node.peers.tell(refused: [RefusedKey(transportKey: key, address: "10.0.0.1", count: 3, lastSeen: 5)])
        #expect(
            try await api.get("/api/peers/refused").json == [
                [
                    "transportKey": .string(try #require(Z85.encode(key.array))), "address": "10.0.0.1", "count": 3,
                    "lastSeen": 5, "candidates": .array(candidates.map { .string($0.did) }),
                    "names": .object([Text(known.did): "carol"]),
                ]
            ]
        )
    }

    @Test("Metrics are Prometheus text, measured when they are asked for")
    func metrics() async throws {
        let api = try await APIHarness()
        Counter(
            label: "rhizome_peer_bad_input_total",
            dimensions: [("peer", "ca\"rol")],
            factory: api.registry
        ).increment()
        _ = try await api.get("/api/none")
        let answer = try await api.get("/metrics")
        #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(api.node.peers.measured == 1)
        #expect(
            answer.text.contains("\n# TYPE rhizome_http_requests_total counter\n") || answer.text.hasPrefix("# HELP")
        )
        #expect(answer.text.contains("\nrhizome_http_requests_total{status=\"4xx\"} 1\n"))
        #expect(answer.text.contains("\nrhizome_peer_bad_input_total{peer=\"ca\\\"rol\"} 1\n"))
    }

    @Test("Every metric stands in the table of ARCHITECTURE.md with its unit, and no other does")
    func documented() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "ARCHITECTURE.md")
        let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter {
            $0.hasPrefix("| `rhizome_")
        }
        let documented = rows.map { row in row.split(separator: "|").prefix(2).map { $0.filter { $0 != " " } } }
        let table = (Node.metricTable + HTTPAPI.metricTable).map { metric in
            let labels = metric.labels.isEmpty ? "" : "{\(metric.labels.joined(separator: ","))}"
            return ["`\(metric.name)\(labels)`", metric.unit]
        }
        #expect(Set(documented) == Set(table))
        #expect(documented.count == table.count)
    }

    @Test(
        "No route takes a parameter that it doesn't know",
        arguments: [
            "/api/health", "/api/peers", "/api/peers/count",
            "/api/peers/refused", "/api/deltas/count", "/metrics",
        ]
    )
    func parameters(_ path: String) async throws {
        let answer = try await APIHarness().get(path + "?x=1")
        #expect(answer.status == 400)
        #expect(answer["field"] == "x")
    }
}
