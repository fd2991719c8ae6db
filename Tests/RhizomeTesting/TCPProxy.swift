import Locks
import NIOCore
import NIOPosix

/// A link that a test can spoil: it stands between a node and those who go to it, and passes bytes on.
///
/// It listens at a loopback address of its own, on the ports that the node has, since peers look for the node's PUB at
/// the host at which they found its ROUTER. All proxies share one event loop, which has a thread of its own.
public final class TCPProxy: Sendable {
    /// What happens to what passes.
    public struct Conditions: Sendable {
        /// Whether there is a way through.
        public enum Way: Sendable {
            case open
            /// Connections are closed, and new ones refused.
            case closed
            /// Connections stay, and new ones are accepted; but nothing passes until the way is open again.
            case silent
        }

        /// Whether there is a way through.
        public var way = Way.open
        /// How much later each byte comes out, in both directions.
        public var delay = Duration.zero
        /// Whether bytes pass one by one, 2,000 a second at most and direction.
        public var isTrickling = false
        /// After how many bytes, of both directions together, a new connection is cut; drawn anew for each.
        public var cutAfter: ClosedRange<Int>?

        /// A link without faults.
        public init() {}
    }

    private struct State {
        var conditions = Conditions()
        var generator: SeededGenerator
        var accepted = 0
        var cut = 0
        var bytes = 0
    }

    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Where it listens; each port is one of the target's.
    public let host: String
    private let targetHost: String
    private let ports: [Int]
    private let state: Lock<State>
    private let loop: any EventLoop
    private let listeners = Lock<[any Channel]>([])
    /// The ends of the present connections, by their numbers.
    private let ends: NIOLoopBoundBox<[ObjectIdentifier: ProxyEnd]>

    private init(targetHost: String, ports: [Int], generator: SeededGenerator) {
        host = LoopbackHost.next()
        self.targetHost = targetHost
        self.ports = ports
        state = Lock(State(generator: generator))
        loop = Self.group.any()
        ends = .makeBoxSendingValue([:], eventLoop: loop)
    }

    /// Lends a proxy for these addresses, `host:port` each and of one host.
    ///
    /// - Parameter generator: draws the moments of cuts.
    public static func running<Result>(
        to targets: [String],
        using generator: SeededGenerator = SeededGenerator(),
        _ body: (TCPProxy) async throws -> Result
    ) async throws -> Result {
        let parts = targets.map { $0.split(separator: ":").map(String.init) }
        let proxy = TCPProxy(
            targetHost: parts.first?.first ?? "",
            ports: parts.compactMap { $0.last.flatMap { Int($0) } },
            generator: generator
        )
        do {
            try await proxy.listen()
            let result = try await body(proxy)
            await proxy.close()
            return result
        } catch {
            await proxy.close()
            throw error
        }
    }

    /// Where those who go to the node go instead: the first of its addresses, behind this proxy.
    public var address: String { "\(host):\(ports.first ?? 0)" }

    /// What happens to what passes now.
    public var conditions: Conditions { state.withLock { $0.conditions } }

    /// Connections that were accepted so far, those of them that were cut, and bytes that came out.
    public var counts: (accepted: Int, cut: Int, bytes: Int) { state.withLock { ($0.accepted, $0.cut, $0.bytes) } }

    /// Changes what happens to what passes, for connections that are there too.
    public func change(_ change: (inout Conditions) -> Void) async throws {
        let way = state.withLock { state in
            change(&state.conditions)
            return state.conditions.way
        }
        if way == .closed {
            await close()
        } else {
            try await listen()
            try await loop.submit { for end in self.ends.value.values { end.pass() } }.get()
        }
    }

    private func listen() async throws {
        guard listeners.withLock({ $0.isEmpty }) else { return }
        for port in ports {
            let listener = try await ServerBootstrap(group: loop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { accepted in
                    accepted.eventLoop.makeCompletedFuture { try self.accept(accepted, port: port) }
                }
                .bind(host: host, port: port).get()
            listeners.withLock { $0.append(listener) }
        }
    }

    private func close() async {
        let channels = listeners.withLock { listeners in
            defer { listeners = [] }
            return listeners
        }
        for channel in channels { try? await channel.close().get() }
        try? await loop.submit { for end in self.ends.value.values { end.close() } }.get()
    }

    // MARK: - On the event loop

    private func accept(_ accepted: any Channel, port: Int) throws {
        let budget = state.withLock { state in
            state.accepted += 1
            return state.conditions.cutAfter.map { Int.random(in: $0, using: &state.generator) }
        }
        let near = ProxyEnd(proxy: self)
        let far = ProxyEnd(proxy: self)
        let allowance = ProxyEnd.Allowance(budget)
        near.join(far, allowance)
        try accepted.pipeline.syncOperations.addHandler(near)
        let bound = NIOLoopBound((near: near, far: far), eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value.far)
                }
            }
            .connect(host: targetHost, port: port)
            .whenFailure { _ in bound.value.near.close() }
    }

    fileprivate func add(_ end: ProxyEnd) { ends.value[ObjectIdentifier(end)] = end }

    fileprivate func remove(_ end: ProxyEnd) { ends.value[ObjectIdentifier(end)] = nil }

    fileprivate func passed(_ count: Int, isCut: Bool) {
        state.withLock { state in
            state.bytes += count
            if isCut { state.cut += 1 }
        }
    }
}

/// One end of a connection: keeps what came in at it until it is to come out at the other.
private final class ProxyEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// How many bytes a connection may still pass; without a number, any.
    final class Allowance {
        var bytes: Int?
        init(_ bytes: Int?) { self.bytes = bytes }
    }

    private static let trickle = TimeAmount.microseconds(500)

    private let proxy: TCPProxy
    private var other: ProxyEnd?
    private var allowance = Allowance(nil)
    private var context: ChannelHandlerContext?
    private var queue: CircularBuffer<(bytes: ByteBuffer, due: NIODeadline)> = []
    private var isScheduled = false

    init(proxy: TCPProxy) { self.proxy = proxy }

    func join(_ other: ProxyEnd, _ allowance: Allowance) {
        self.other = other
        other.other = self
        self.allowance = allowance
        other.allowance = allowance
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        proxy.add(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        // The other end may have gone while this one was being connected.
        guard let other else { return close() }
        other.pass()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        queue.append((unwrapInboundIn(data), .now() + TimeAmount(proxy.conditions.delay)))
        pass()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelInactive(context: ChannelHandlerContext) { close() }

    /// Lets out what is due.
    func pass() {
        let conditions = proxy.conditions
        guard conditions.way == .open, !isScheduled else { return }
        while var next = queue.first, let out = other?.context, out.channel.isActive {
            guard next.due <= .now() else { return again(at: next.due) }
            let count = min(conditions.isTrickling ? 1 : .max, next.bytes.readableBytes, allowance.bytes ?? .max)
            guard let part = next.bytes.readSlice(length: count) else { return }
            if next.bytes.readableBytes == 0 { queue.removeFirst() } else { queue[queue.startIndex] = next }
            out.writeAndFlush(NIOAny(part), promise: nil)
            allowance.bytes = allowance.bytes.map { $0 - count }
            let isCut = allowance.bytes == 0
            proxy.passed(count, isCut: isCut)
            if isCut { return close() }
            if conditions.isTrickling { return again(at: .now() + Self.trickle) }
        }
    }

    private func again(at time: NIODeadline) {
        guard let context else { return }
        isScheduled = true
        context.eventLoop.assumeIsolated().scheduleTask(deadline: time) {
            self.isScheduled = false
            self.pass()
        }
    }

    /// Closes both ends; what hasn't come out is lost.
    func close() {
        let (one, two) = (self, other)
        other = nil
        two?.other = nil
        one.end()
        two?.end()
    }

    private func end() {
        queue.removeAll()
        proxy.remove(self)
        context?.close(promise: nil)
        context = nil
    }
}
