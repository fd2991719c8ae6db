internal import Bytes
internal import HTTPTypes
internal import HomeFiles
internal import HummingbirdCore
internal import Locks
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import StrictJSON

/// How Hummingbird's server talks on one connection: HTTP/1.1, one request after the other.
///
/// Hummingbird's own channel hides what the guards need to see (a second `Host`, the raw target) and answers what can't
/// be parsed without a body.
struct APIChannel: ServerChildChannel {
    /// A connection, and who is at its other end.
    struct Value: ServerChildChannelValue {
        let parts: NIOAsyncChannel<RequestPart, HTTPServerResponsePart>
        let peer: ConnectionPeer
        var channel: any Channel { parts.channel }
    }

    private typealias Parts = NIOAsyncChannelInboundStream<RequestPart>.AsyncIterator
    private typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    /// The peer closed its side within a request.
    private struct RequestCutShort: Error {}

    let api: APIResponder
    let limits: HTTPLimits
    let registry: ConnectionRegistry
    let bodies: Budget

    init(api: APIResponder, limits: HTTPLimits, registry: ConnectionRegistry) {
        self.api = api
        self.limits = limits
        self.registry = registry
        bodies = Budget(limit: limits.bodyBytes)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var decoder = NIOHTTPDecoderLimitConfiguration()
            decoder.maxHeaderFieldSize = RequestLimits.headerFieldBytes
            decoder.maxHeaderListSize = RequestLimits.headerBytes
            decoder.maxHeaderFieldCount = RequestLimits.headerFields
            try channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: .init(limits.sendBufferBytes))
            let pipeline = channel.pipeline.syncOperations
            // Now, for once it has closed its end nothing is known of a peer.
            let peer = try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                ConnectionPeer(descriptor: $0)
            }
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false,
                withErrorHandling: false,
                withOutboundHeaderValidation: true,
                withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: decoder
            )
            try pipeline.addHandler(ConnectionGuard(limits: limits, registry: registry))
            let parts = try NIOAsyncChannel<RequestPart, HTTPServerResponsePart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
            return Value(parts: parts, peer: peer ?? .elsewhere)
        }
    }

    @concurrent func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await talk(value, logger)
        }
    }

    private func talk(_ value: Value, _ logger: Logger) async {
        do {
            try await value.parts.executeThenClose { inbound, outbound in
                var parts = inbound.makeAsyncIterator()
                requests: while let part = try await parts.next(isolation: #isolation) {
                    switch part {
                    case .head(let head):
                        guard try await serve(head, on: value, &parts, outbound) else { break requests }
                    case .failed(let error):
                        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
                        _ = try await write(api.refuse(error), to: head, isLast: true, outbound)
                        break requests
                    case .body, .end: break requests
                    }
                }
                outbound.finish()
                // Read on until the peer closes or the linger deadline passes: a reset would take the answer away from it.
                while try await parts.next(isolation: #isolation) != nil {}
            }
        } catch {
            // The peer is gone, or was cut.
            logger.trace("HTTP connection ended", metadata: ["error": "\(type(of: error))"])
        }
    }

    /// Answers a request.
    ///
    /// - Returns: whether another one may follow on this connection.
    private func serve(
        _ head: HTTPRequestHead,
        on connection: Value,
        _ parts: inout Parts,
        _ outbound: Outbound
    ) async throws -> Bool {
        let response: Response
        var isLast = !head.isKeepAlive || head.offersUpgrade
        var taken = 0
        defer { bodies.give(taken) }
        do {
            let request = try api.prepare(head, from: connection.peer)
            let body = try await readBody(of: request, head, &parts, outbound, &taken)
            response = await api.respond(to: request, body: body)
        } catch let error as APIError {
            response = api.refuse(error)
            // A body that wasn't read would be taken for the next request.
            if head.hasBody { isLast = true } else { _ = try await parts.next(isolation: #isolation) }
        }
        guard response.headers[.contentType] == MediaTypes.eventStream else {
            return try await write(response, to: head, isLast: isLast, outbound) && !isLast
        }
        try await stream(response, to: head, on: connection.channel, outbound)
        return false
    }

    /// Writes a stream until it ends, or its reader sends nothing more: a silent stream would not notice that otherwise.
    private func stream(
        _ response: Response,
        to request: HTTPRequestHead,
        on channel: any Channel,
        _ outbound: Outbound
    ) async throws {
        let (leaving, reader) = AsyncStream.makeStream(of: Never.self)
        try await channel.triggerUserOutboundEvent(EventStreamBegins { reader.finish() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await write(response, to: request, isLast: true, outbound) }
            group.addTask { for await _ in leaving {} }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func readBody(
        of request: PreparedRequest,
        _ head: HTTPRequestHead,
        _ parts: inout Parts,
        _ outbound: Outbound,
        _ taken: inout Int
    ) async throws -> [UInt8] {
        let limit = request.body?.limitBytes ?? 0
        if head.hasBody, limit == 0 { throw APIError.badInput("this request takes no body") }
        if let length = head.headers.first(name: "Content-Length"), Int(length).map({ $0 > limit }) ?? true {
            throw APIError.bodyTooLarge(limitBytes: limit)
        }
        if head.hasBody, !head.expectations.isEmpty {
            try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
        }
        var body: [UInt8] = []
        while let part = try await parts.next(isolation: #isolation) {
            switch part {
            case .head: throw RequestCutShort()
            case .body(let buffer):
                guard body.count + buffer.readableBytes <= limit else { throw APIError.bodyTooLarge(limitBytes: limit) }
                guard bodies.take(buffer.readableBytes, holding: taken) else {
                    throw APIError.unavailable("busy", "too many large requests at once; try again")
                }
                taken += buffer.readableBytes
                body.append(contentsOf: buffer.readableBytesView)
            case .end: return body
            case .failed(let error): throw error
            }
        }
        throw RequestCutShort()
    }

    /// Writes an answer.
    ///
    /// - Returns: whether another one may follow.
    private func write(
        _ response: Response,
        to request: HTTPRequestHead,
        isLast: Bool,
        _ outbound: Outbound
    ) async throws -> Bool {
        let length = response.body.contentLength
        // Without a length HTTP/1.0 has nothing but the end of the connection to tell where an answer ends.
        let isLast = isLast || (length == nil && (request.version == .http1_0 || request.method == .HEAD))
        let head = HTTPResponseHead(response, to: request, isLast: isLast)
        if request.method == .HEAD {
            // The encoder would end a chunked answer with a chunk, which an answer to HEAD doesn't have.
            try await outbound.write(contentsOf: length == nil ? [.head(head)] : [.head(head), .end(nil)])
        } else {
            try await response.body.write(ConnectionBodyWriter(outbound, head: head, length: length))
        }
        return !isLast
    }
}

extension HTTPRequestHead {
    /// Whether a body follows (RFC 9112, section 6.3).
    var hasBody: Bool {
        headers.contains(name: "Transfer-Encoding") || headers["Content-Length"].contains { $0 != "0" }
    }

    /// What the client expects before it sends a body, in lower case (RFC 9110, section 10.1.1).
    ///
    /// HTTP/1.0 doesn't know of it, and is not told of it.
    var expectations: [String] {
        version.minor == 0 ? [] : headers[canonicalForm: "Expect"].map { $0.lowercased() }.filter { !$0.isEmpty }
    }
}

extension HTTPRequestHead {
    /// Whether the peer would go on in another protocol.
    ///
    /// We never do, but NIO's decoder takes nothing more for HTTP after such a request.
    fileprivate var offersUpgrade: Bool { method == .CONNECT || headers.contains(name: "Upgrade") }
}
