package import Bytes
internal import Locks
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import RhizomeIdentity
internal import Sodium
package import StrictJSON

/// Asks a node's HTTP API on this machine, as its own commands do: with the token, one request a connection (spec:
/// cli.md, "Writing ones go to the running node").
package struct APIClient: Sendable {
    /// What keeps a request from being answered.
    package enum Failure: Error {
        /// Nobody listens there: nothing was sent.
        case unreachable
        /// The request was sent, and no answer came: whether it was done isn't known.
        case unanswered
    }

    /// What the node answered.
    package struct Answer: Sendable {
        /// The status.
        package let status: Int
        /// The body as far as it is JSON and not longer than was asked for.
        package let json: JSONValue?
    }

    /// Bytes of a write's answer that are kept: an error has fewer, and of a large entity nothing is needed.
    private static let writeBytes = 1 << 20
    /// Bytes of what is decided on a sequence of deltas: some 150 for each, which has more itself, or a sentence besides.
    private static let decisionBytes = 2 * RequestLimits.sequenceBytes
    /// What a first write after a start waits for peers, and a slow disk.
    private static let patience = TimeAmount.seconds(30)

    private let host: String
    private let port: Int
    private let token: HTTPToken?

    /// A client of the API that listens at an address, `host:port`; `nil` where it is none.
    package init?(_ address: String, token: HTTPToken?) {
        guard let address = PeerAddress(address) else { return nil }
        // All addresses of the machine: by loopback, then.
        host = ["0.0.0.0": "127.0.0.1", "::": "::1"][address.host] ?? address.host
        port = Int(address.port)
        self.token = token
    }

    /// Reads what a path tells.
    ///
    /// - Parameter bytes: how many an answer may have; JSON that is longer isn't kept.
    /// - Throws: ``Failure``; the other calls likewise.
    package func get(_ path: String, upTo bytes: Int) async throws -> Answer {
        try await send(.GET, path, nil, keeping: bytes)
    }

    /// Writes properties of an entity, as PUT does.
    package func put(_ properties: JSONObject, of id: Text, in collection: Text, saysAll: Bool) async throws -> Answer {
        let path = "/api/\(PercentEncoding.encode(collection))" + (saysAll ? "?say=all" : "")
        return try await send(.PUT, path, ["id": .text(id), "properties": .object(properties)])
    }

    /// Writes one delta.
    package func post(_ pointers: JSONValue) async throws -> Answer {
        try await send(.POST, "/api/deltas", ["pointers": pointers])
    }

    /// Hands in signed deltas by any authors, at most 2 MiB in all (``RequestLimits/sequenceBytes``).
    package func post(signed deltas: [[UInt8]]) async throws -> Answer {
        let body = (bytes: Array(deltas.joined()), type: MediaTypes.cborSequence)
        return try await send(.POST, "/api/deltas", body, keeping: Self.decisionBytes)
    }

    private func send(_ method: HTTPMethod, _ path: String, _ json: JSONObject) async throws -> Answer {
        try await send(method, path, (JSONValue.object(json).encoded, MediaTypes.json), keeping: Self.writeBytes)
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: (bytes: [UInt8], type: String)?,
        keeping mostBytes: Int
    ) async throws -> Answer {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        head.headers.add(name: "Host", value: "\(host.contains(":") ? "[\(host)]" : host):\(port)")
        if let body {
            head.headers.add(name: "Content-Type", value: body.type)
            head.headers.add(name: "Content-Length", value: "\(body.bytes.count)")
        }
        head.headers.add(name: "Connection", value: "close")
        if let token { head.headers.add(name: "Authorization", value: token.authorization) }
        let connection = try await connect()
        let deadline = connection.channel.eventLoop.scheduleTask(in: Self.patience) {
            connection.channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        do {
            return try await connection.executeThenClose { inbound, outbound in
                try await outbound.write(.head(head))
                if let body { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body.bytes)))) }
                try await outbound.write(.end(nil))
                return try await Self.answer(inbound, keeping: mostBytes)
            }
        } catch {
            throw Failure.unanswered
        }
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private func connect() async throws -> Connection {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw Failure.unreachable
        }
    }

    private static func answer(
        _ inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>,
        keeping mostBytes: Int
    ) async throws -> Answer {
        var status = 0
        var bytes: [UInt8] = []
        for try await part in inbound {
            switch part {
            case .head(let head): status = Int(head.status.code)
            case .body(let buffer):
                if bytes.count <= mostBytes { bytes += buffer.readableBytesView }
            case .end:
                let json = bytes.count <= mostBytes ? try? JSONValue(parsing: bytes) : nil
                return Answer(status: status, json: json)
            }
        }
        throw Failure.unanswered
    }
}

extension HTTPToken {
    /// The value of an `Authorization` field that presents the token (RFC 6750, section 2.1).
    fileprivate var authorization: String {
        "Bearer " + String(decoding: (0..<secret.count).map { secret[$0] }, as: UTF8.self)
    }
}
