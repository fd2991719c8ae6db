internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1

/// Writes an answer to a connection: at once where it is small, else in parts that the write deadline is meant for.
///
/// Each write is a way to the connection's thread and back, and a system call.
struct ConnectionBodyWriter: ResponseBodyWriter {
    /// Bytes of a part at most.
    static let partBytes = 64 * 1024

    private let outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    /// Whether all that there is goes into one write.
    private let isSmall: Bool
    /// What isn't written yet.
    private var waiting: [HTTPServerResponsePart]

    /// A writer of an answer with this head.
    ///
    /// - Parameter length: of the body; not known where `nil`.
    init(_ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>, head: HTTPResponseHead, length: Int?) {
        self.outbound = outbound
        isSmall = length.map { $0 <= Self.partBytes } ?? false
        waiting = [.head(head)]
    }

    mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        while let part = buffer.readSlice(length: min(buffer.readableBytes, Self.partBytes)), part.readableBytes > 0 {
            waiting.append(.body(.byteBuffer(part)))
            if !isSmall { try await flush() }
        }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        waiting.append(.end(nil))
        try await flush()
    }

    private mutating func flush() async throws {
        try await outbound.write(contentsOf: waiting)
        waiting = []
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
