import NIOCore
import NIOEmbedded
import NIOHTTP1
import PrometheusMetrics
import Testing

@testable import RhizomeHTTP

/// What depends on when the socket takes what is written, which a real one doesn't let a test decide.
@Suite struct ConnectionGuardTests {
    private let registry = ConnectionRegistry(limit: 1, metrics: HTTPMetrics(PrometheusRegistry(HTTPAPI.metricTable)))
    private let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "x")))
    private let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")

    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(ConnectionGuard(limits: HTTPLimits(), registry: registry))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test(
        "A connection is closed only when the socket has taken all that was written",
        arguments: [CloseMode.all, .output]
    )
    func heldClose(_ mode: CloseMode) throws {
        let channel = try channel()
        channel.write(part, promise: nil)
        let isClosed = NIOLoopBoundBox(false, eventLoop: channel.eventLoop)
        channel.close(mode: mode).assumeIsolated().whenComplete { _ in isClosed.value = true }
        channel.embeddedEventLoop.run()
        #expect(!isClosed.value)
        channel.flush()
        channel.embeddedEventLoop.run()
        #expect(isClosed.value)
    }

    @Test("An idle connection is closed when the server is to stop, a busy one when its answer is out")
    func quiesce() throws {
        let idle = try channel()
        idle.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!idle.isActive)
        let busy = try channel()
        try busy.writeInbound(HTTPServerRequestPart.head(request))
        try busy.writeInbound(HTTPServerRequestPart.end(nil))
        busy.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(busy.isActive)
        busy.write(HTTPServerResponsePart.end(nil), promise: nil)
        #expect(busy.isActive)
        busy.flush()
        #expect(!busy.isActive)
    }

    @Test("A connection that is evicted is closed whatever it has to write, one that comes too late at once")
    func cap() throws {
        let first = try channel()
        first.write(part, promise: nil)
        let second = try channel()
        first.embeddedEventLoop.run()
        #expect(!first.isActive)
        #expect(second.isActive)
        #expect(registry.count == 1)
        registry.closeAll()
        second.embeddedEventLoop.run()
        #expect(!second.isActive)
        let third = try? channel()
        #expect(third?.isActive != true)
    }
}
