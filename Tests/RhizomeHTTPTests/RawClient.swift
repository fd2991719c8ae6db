import NIOCore
import NIOPosix
import Testing

/// A client that sends bytes as they are and reads when it is told to.
struct RawClient {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var rest: [UInt8] = []

    /// Connects, lends the client and closes it.
    static func connect<Result>(
        to port: Int,
        receiveBufferBytes: Int? = nil,
        _ body: (inout RawClient) async throws -> Result
    ) async throws -> Result {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveBufferBytes {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBufferBytes))
        }
        let channel = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(
                        backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
                        isOutboundHalfClosureEnabled: true
                    )
                )
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            var client = RawClient(channel: channel, inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&client)
        }
    }

    func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Sends a start, then byte after byte until the server has had enough.
    func drip(_ start: String) async {
        do {
            try await send(start)
            while true {
                try await send("x")
                // Not a wait for anything: it is the drip.
                try await Task.sleep(for: .milliseconds(10))
            }
        } catch {
            // The server has cut the connection.
        }
    }

    /// Sends nothing more.
    func finish() { outbound.finish() }

    /// Sends a GET.
    func get(_ path: String, port: Int, _ headers: String = "") async throws {
        try await send("GET \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n\(headers)\r\n")
    }

    /// Reads until the server closes or resets.
    mutating func readToEnd() async -> String {
        var bytes = rest
        rest = []
        do {
            while let buffer = try await inbound.next(isolation: #isolation) {
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch {
            // A reset: what was read before it counts.
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads one answer with a Content-Length: its status and its body.
    mutating func readAnswer() async throws -> (status: Int, head: String, body: String) {
        while true {
            if let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
                let status = Int(head.split(separator: " ")[1]) ?? 0
                let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
                    .flatMap { Int($0.dropFirst("content-length: ".count)) }
                let count = length ?? 0
                if rest.count - end.upperBound >= count {
                    let body = String(decoding: rest[end.upperBound..<end.upperBound + count], as: UTF8.self)
                    rest.removeFirst(end.upperBound + count)
                    return (status, head, body)
                }
            }
            let buffer = try #require(try await inbound.next(isolation: #isolation), "the server closed")
            rest.append(contentsOf: buffer.readableBytesView)
        }
    }

    /// Reads until this has come, and takes it and what stood before it.
    mutating func read(upTo end: String) async throws -> String {
        while true {
            if let range = rest.firstRange(of: Array(end.utf8)) {
                defer { rest.removeFirst(range.upperBound) }
                return String(decoding: rest[..<range.upperBound], as: UTF8.self)
            }
            let buffer = try #require(try await inbound.next(isolation: #isolation), "the server closed")
            rest.append(contentsOf: buffer.readableBytesView)
        }
    }

    /// Reads until this many bytes have come.
    mutating func read(atLeast count: Int) async throws {
        while rest.count < count {
            let buffer = try #require(try await inbound.next(isolation: #isolation), "the server closed")
            rest.append(contentsOf: buffer.readableBytesView)
        }
    }
}
