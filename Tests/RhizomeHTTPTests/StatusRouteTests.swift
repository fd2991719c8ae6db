import Bytes
import HTTPTypes
import Locks
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedLog
import StrictJSON
import Testing

@testable import RhizomeHTTP
@testable import RhizomeNode

@Suite struct StatusRouteTests {
    @Test("Health names the node")
    func health() async throws {
        let api = try APIHarness()
        #expect(
            try await api.get("/api/health").json == [
                "status": "ok", "identity": .string(api.node.identity.did), "peerId": "taliesin's node",
                "version": "1.2.3", "uptimeSeconds": 42,
            ]
        )
    }

    @Test("Peers are listed with all their fields, null where nothing is known")
    func peers() async throws {
        let api = try APIHarness()
        let id = DeltaID(Bytes32(repeating: 1))
        let identity = api.node.identity
        api.node.state.withLock { state in
            state.peers = [
                PeerStatus(
                    identity: identity,
                    name: "me",
                    requestAddress: "127.0.0.1:4000",
                    publishAddress: nil,
                    isSelf: true,
                    isSeedPeer: false,
                    counts: DecisionCounts(),
                    state: .`self`,
                    clockOffsetMicroseconds: nil,
                    roundTripMicroseconds: 130,
                    lastSeen: nil,
                    forks: [Fork(author: identity, sequence: 2, ids: [id])],
                    stalled: [id]
                )
            ]
        }
        #expect(
            try await api.get("/api/peers").json == [
                [
                    "reqAddr": "127.0.0.1:4000", "publishAddr": .null, "isSelf": true, "isSeedPeer": false,
                    "deltaCount": ["accepted": 0, "duplicate": 0, "rejected": 0, "deferred": 0],
                    "identity": .string(identity.did), "name": "me", "state": "self",
                    "clockOffsetMicroseconds": .null, "roundTripMicroseconds": 130, "lastSeen": .null,
                    "forks": [["sequence": 2, "ids": [.string(id.description)]]], "stalled": [.string(id.description)],
                ]
            ]
        )
        #expect(try await api.get("/api/peers/count").text == "1\n")
    }

    @Test("Refused keys come with both identities that may be behind them, a known one by name")
    func refused() async throws {
        let api = try APIHarness()
        let known = try TestAuthors.signer("known").publicKey
        let key = try #require(known.transportKey)
        let candidates = PublicKey.candidates(forTransportKey: key)
        #expect(candidates.count == 2)
        api.node.state.withLock { state in
            state.petnames[known] = "carol"
            state.refused = [RefusedKey(transportKey: key, address: "10.0.0.1", count: 3, lastSeen: 5)]
        }
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

    @Test("Metrics are Prometheus text, labels escaped")
    func metrics() async throws {
        let api = try APIHarness()
        api.node.state.withLock { state in
            state.samples = [
                .init(name: "a_total", help: "A\nb \\.", kind: "counter", labels: [("x", "q\"\\\n")], value: 3),
                .init(name: "b", help: "B.", kind: "gauge", value: 0.5),
                .init(name: "a_total", help: "A\nb \\.", kind: "counter", labels: [("x", "é")], value: .infinity),
            ]
        }
        let answer = try await api.get("/metrics")
        #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            answer.text.hasPrefix(
                """
                # HELP a_total A\\nb \\\\.
                # TYPE a_total counter
                a_total{x="q\\"\\\\\\n"} 3
                a_total{x="é"} +Inf
                # HELP b B.
                # TYPE b gauge
                b 0.5
                # HELP rhizome_http_requests_total
                """
            )
        )
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
