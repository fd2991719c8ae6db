import Bytes
import CZeroMQ
import Glibc
import Sodium
import ZeroMQ

/// What needs a process of its own: libzmq without a ZAP handler, and memory.
///
/// Prints the outcome as one line.
@main struct Probe {
    static func main() async throws {
        try SodiumLibrary.initialize()
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "door": print(unsafe Door.outcome(settings: Set(arguments.dropFirst())))
        case "frames": print(try await Frames.outcome(count: 8_000, size: 30_000))
        case "heartbeat": print(unsafe Heartbeat.outcome(milliseconds: Int32(arguments.last ?? "") ?? 0))
        default: print("usage: zeromq-probe door [domain] [enforce] | frames | heartbeat MILLISECONDS")
        }
    }
}

/// A CURVE server as libzmq alone makes it, without a handler, and a client with a key that nobody knows.
enum Door {
    /// `admitted`, `refused`, or what went wrong.
    @unsafe static func outcome(settings: Set<String>) -> String {
        let context = unsafe zmq_ctx_new()
        let server = unsafe zmq_socket(context, ZMQ_ROUTER)
        let (publicKey, secret) = unsafe keyPair()
        var one: Int32 = 1
        var ok = unsafe zmq_setsockopt(server, ZMQ_CURVE_SERVER, &one, 4) == 0
        ok = unsafe zmq_setsockopt(server, ZMQ_CURVE_SECRETKEY, secret, secret.count) == 0 && ok
        if settings.contains("domain") {
            ok = unsafe zmq_setsockopt(server, ZMQ_ZAP_DOMAIN, "d", 1) == 0 && ok
        }
        if settings.contains("enforce") {
            ok = unsafe zmq_setsockopt(server, ZMQ_ZAP_ENFORCE_DOMAIN, &one, 4) == 0 && ok
        }
        ok = unsafe zmq_socket_monitor(server, "inproc://monitor", ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) == 0 && ok
        let monitor = unsafe zmq_socket(context, ZMQ_PAIR)
        ok = unsafe zmq_connect(monitor, "inproc://monitor") == 0 && ok
        ok = unsafe zmq_bind(server, "tcp://127.0.0.1:*") == 0 && ok
        var endpoint = [CChar](repeating: 0, count: 256)
        var size = endpoint.count
        ok = unsafe zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, &endpoint, &size) == 0 && ok

        let client = unsafe zmq_socket(context, ZMQ_DEALER)
        let (clientKey, clientSecret) = unsafe keyPair()
        ok = unsafe zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, publicKey, publicKey.count) == 0 && ok
        ok = unsafe zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, clientKey, clientKey.count) == 0 && ok
        ok = unsafe zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, clientSecret, clientSecret.count) == 0 && ok
        ok = unsafe zmq_connect(client, endpoint) == 0 && ok
        ok = unsafe zmq_send(client, "hello", 5, 0) == 5 && ok
        guard ok else { return "a call failed" }

        var items = unsafe [
            zmq_pollitem_t(socket: server, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
            zmq_pollitem_t(socket: monitor, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0),
        ]
        guard unsafe zmq_poll(&items, 2, 30_000) > 0 else { return "nothing happened" }
        return unsafe items[0].revents != 0 ? "admitted" : "refused"
    }

    /// In Z85, with the NUL at the end.
    @unsafe private static func keyPair() -> (publicKey: [CChar], secret: [CChar]) {
        var publicKey = [CChar](repeating: 0, count: 41)
        var secret = [CChar](repeating: 0, count: 41)
        _ = unsafe zmq_curve_keypair(&publicKey, &secret)
        return (publicKey, secret)
    }
}

/// One message of many frames, each within its limit, from a peer that is trusted.
enum Frames {
    private actor Receiver: SocketActor {
        nonisolated let thread: SocketThread
        private var socket: Socket?
        private let (incoming, continuation) = AsyncStream.makeStream(of: Incoming.self)

        init(thread: SocketThread) { self.thread = thread }

        func bind(_ key: SigningKey, domain: ZAPDomain) throws -> String {
            let socket = try Socket(.router, on: thread)
            self.socket = socket
            try key.transportSecret().withSpan { try socket.curveServer(secret: $0, domain: domain) }
            try socket.bind("tcp://127.0.0.1:*")
            thread.register(socket) { [continuation] in _ = try? socket.receive { continuation.yield($0) } }
            return try socket.lastEndpoint
        }

        func next() async -> Incoming? { await incoming.first { _ in true } }
    }

    static func outcome(count: Int, size: Int) async throws -> String {
        let (serverKey, clientKey) = (try SigningKey.generate(), try SigningKey.generate())
        let domain = try await ZAPHandler.shared().open(domain: "probe") { _, _ in .admit(userID: "peer") }
        let receiver = Receiver(thread: try SocketThread(name: "receiver"))
        let endpoint = try await receiver.bind(serverKey, domain: domain)
        guard
            let serverPublic = Ed25519.transportKey(of: serverKey.publicKey)?.array,
            let clientPublic = Ed25519.transportKey(of: clientKey.publicKey)?.array
        else { return "no keys" }
        let before = residentBytes("VmRSS")
        let sending = try await sender(
            endpoint: endpoint,
            serverKey: serverPublic,
            publicKey: clientPublic,
            key: clientKey,
            count: count,
            size: size
        )
        let incoming = await receiver.next()
        await sending.stop(within: .seconds(10))
        let after = residentBytes("VmRSS")
        guard case .oversized(let userID, let frames, _, _) = incoming else { return "taken" }
        return "oversized \(userID ?? "nobody") \(frames) peak \((residentBytes("VmHWM") - before) >> 20)"
            + " kept \((after - before) >> 20)"
    }

    private static func sender(
        endpoint: String,
        serverKey: [UInt8],
        publicKey: [UInt8],
        key: SigningKey,
        count: Int,
        size: Int
    ) async throws -> SocketThread {
        let thread = try SocketThread(name: "sender")
        try await thread.perform {
            let socket = try Socket(.dealer, on: thread)
            try key.transportSecret().withSpan {
                try socket.curveClient(serverKey: serverKey, publicKey: publicKey, secret: $0)
            }
            let frames = [[UInt8]](repeating: [UInt8](repeating: 1, count: size), count: count)
            try socket.monitor { event in
                guard event.kind == .handshakeSucceeded else { return }
                _ = try? socket.send(frames)
            }
            try socket.connect(endpoint)
        }
        return thread
    }

    /// A line of `/proc/self/status`, in bytes.
    private static func residentBytes(_ name: String) -> Int {
        guard let file = unsafe fopen("/proc/self/status", "r") else { return 0 }
        defer { _ = unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while unsafe fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name + ":") else { continue }
            return (Int(text.split(whereSeparator: { !$0.isNumber }).first ?? "") ?? 0) << 10
        }
        return 0
    }
}

/// A server that doesn't read, whose client floods it and goes away: with heartbeats libzmq 4.3.4 aborts the process.
enum Heartbeat {
    /// `alive`, or nothing at all.
    @unsafe static func outcome(milliseconds: Int32) -> String {
        let context = unsafe zmq_ctx_new()
        var one: Int32 = 1
        var none: Int32 = 0
        var interval = milliseconds
        var patience: Int32 = 10_000
        let server = unsafe zmq_socket(context, ZMQ_PULL)
        var ok = unsafe zmq_setsockopt(server, ZMQ_RCVHWM, &one, 4) == 0
        ok = unsafe zmq_setsockopt(server, ZMQ_HEARTBEAT_IVL, &interval, 4) == 0 && ok
        // Longer than the interval, else the connection is given up before the next one is due.
        ok = unsafe zmq_setsockopt(server, ZMQ_HEARTBEAT_TIMEOUT, &patience, 4) == 0 && ok
        ok = unsafe zmq_bind(server, "tcp://127.0.0.1:*") == 0 && ok
        var endpoint = [CChar](repeating: 0, count: 256)
        var size = endpoint.count
        ok = unsafe zmq_getsockopt(server, ZMQ_LAST_ENDPOINT, &endpoint, &size) == 0 && ok

        let client = unsafe zmq_socket(context, ZMQ_PUSH)
        ok = unsafe zmq_setsockopt(client, ZMQ_LINGER, &none, 4) == 0 && ok
        ok = unsafe zmq_connect(client, endpoint) == 0 && ok
        let message = [UInt8](repeating: 1, count: 100)
        for _ in 0..<900 { ok = unsafe zmq_send(client, message, message.count, 0) >= 0 && ok }
        var item = unsafe zmq_pollitem_t(socket: server, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
        // The first message is there: the rest is on its way, and nobody takes it.
        guard ok, unsafe zmq_poll(&item, 1, 30_000) > 0 else { return "a call failed" }
        unsafe zmq_close(client)
        _ = zmq_poll(nil, 0, 3_000)
        return "alive"
    }
}
