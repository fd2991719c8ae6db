internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

/// Writes an answer's body to a connection, in parts that the write deadline is meant for.
struct ConnectionBodyWriter: ResponseBodyWriter {
    /// Bytes of a part at most.
    static let partBytes = 64 * 1024

    let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        while let part = buffer.readSlice(length: min(buffer.readableBytes, Self.partBytes)), part.readableBytes > 0 {
            try await outbound.write(.body(.byteBuffer(part)))
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await outbound.write(.end(nil))
    }
}

extension HTTPResponseHead {
    /// The head of an answer.
    ///
    /// - Parameter isLast: whether the connection is closed after it.
    init(_ response: Response, to request: HTTPRequestHead, isLast: Bool) {
        var headers = HTTPHeaders()
        for field in response.headers { headers.add(name: field.name.rawName, value: field.value) }
        // What a page from elsewhere embeds tells it nothing, and nobody keeps a copy.
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        headers.add(name: "Cache-Control", value: "no-store")
        if isLast {
            headers.add(name: "Connection", value: "close")
        } else if request.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        self.init(
            version: request.version == .http1_0 ? .http1_0 : .http1_1,
            status: HTTPResponseStatus(
                statusCode: response.status.code,
                reasonPhrase: response.status.reasonPhrase
            ),
            headers: headers
        )
    }
}
