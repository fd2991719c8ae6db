import Bytes
import DeterministicCBOR
import Locks
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing
import ZeroMQ

@testable import RhizomeDatabase
@testable import RhizomeNode
@testable import RhizomePeering

/// A peer that says what a test wants it to: real sockets, its own key, no rules.
actor RawPeer: SocketActor {
    /// What it answers a node that asks; `nil` for what an honest peer that holds nothing would say.
    typealias Answer = @Sendable (any PeerMethod) -> [UInt8]?

    private struct Seen {
        var requests: [any PeerMethod] = []
        var replies: [[UInt8]: [UInt8]] = [:]
        var publications: [[[UInt8]]] = []
        var answer: Answer
    }

    nonisolated let thread: SocketThread
    nonisolated let identity: Identity
    nonisolated let topic: Text
    private nonisolated let seen: SeenBox
    private var router: Socket?
    private var publisher: Socket?
    private var dealer: Socket?
    private var subscriber: Socket?
    private var publishPort: UInt16?
    /// The connection that asked last.
    private var asker: [UInt8]?
    private var lastID: UInt64 = 0

    private final class SeenBox: Sendable {
        let state: Lock<Seen>
        init(_ seen: Seen) { state = Lock(seen) }
    }

    nonisolated var key: PublicKey { identity.publicKey }

    private init(as identity: Identity?, topic: Text, answer: @escaping Answer) throws {
        try SodiumLibrary.initialize()
        thread = try SocketThread(name: "raw")
        self.identity = try identity ?? Identity.generate()
        self.topic = topic
        seen = SeenBox(Seen(answer: answer))
    }

    /// Lends a peer that listens, with a new key where none is given.
    static func running(
        as identity: Identity? = nil,
        topic: Text = "test",
        answer: @escaping Answer = { _ in nil },
        _ body: @Sendable (RawPeer, _ address: String) async throws -> Void
    ) async throws {
        let peer = try RawPeer(as: identity, topic: topic, answer: answer)
        do {
            try await body(peer, try await peer.listen())
        } catch {
            await peer.thread.stop(within: .seconds(10))
            throw error
        }
        await peer.thread.stop(within: .seconds(10))
    }

    // MARK: - Being asked

    private func listen() async throws -> String {
        let domain = try await ZAPHandler.shared().open(domain: key.did) { _, _ in .admit(userID: "node") }
        let secret = try identity.transportSecret()
        func bound(_ kind: Socket.Kind) throws -> (Socket, String) {
            let socket = try Socket(kind, on: thread)
            try secret.withSpan { secret in try socket.curveServer(secret: secret, domain: domain) }
            try socket.bind("tcp://127.0.0.1:*")
            return (socket, String(try socket.lastEndpoint.dropFirst("tcp://".count)))
        }
        let (router, address) = try bound(.router)
        let (publisher, publishAddress) = try bound(.xpub)
        self.router = router
        self.publisher = publisher
        publishPort = publishAddress.split(separator: ":").last.flatMap { UInt16($0) }
        thread.register(router) { [weak self] in self?.assumeIsolated { $0.read() } }
        return address
    }

    /// Ends all connections of those who came, and lets nobody in any more.
    func stopListening() {
        router?.close()
        publisher?.close()
        (router, publisher) = (nil, nil)
    }

    private func read() {
        _ = try? router?.receive { [weak self] incoming in
            self?.assumeIsolated { peer in
                guard case .message(let message) = incoming, message.frames.count == 3,
                    let request = try? ServedMethods.read(message.frames[2])
                else { return }
                let answer = peer.seen.state.withLock { seen in
                    seen.requests.append(request)
                    return seen.answer
                }
                peer.asker = message.frames[0]
                let body = answer(request) ?? peer.honest(request)
                _ = try? peer.router?.send([message.frames[0], message.frames[1], body])
            }
        }
    }

    private func honest(_ request: any PeerMethod) -> [UInt8] {
        switch request {
        case let theirs as Hello: Hello.encode(reply: hello(received: theirs.time))
        case is HeadsMethod: HeadsMethod.encode(reply: .init(heads: [], more: false))
        case is NewsMethod: NewsMethod.encode(reply: .init(heads: [], cursor: [1], more: false))
        case is PullMethod: PullMethod.encode(reply: .init(deltas: [], more: false))
        case let push as PushMethod:
            PushMethod.encode(
                reply: push.deltas.map { _ in PushMethod.Result(id: nil, decision: "accept", reason: nil) }
            )
        case is PeersMethod: PeersMethod.encode(reply: [])
        default: PeerReply.error(PeerError(.unknownMethod, "no such method"))
        }
    }

    /// Sends replies that nobody asked for to who asked last.
    func replyUnasked(_ body: [UInt8], times: Int) throws {
        for _ in 0..<times { _ = try router?.send([asker ?? [], nextID(), body]) }
    }

    func hello(received: Timestamp? = nil, version: Int64 = 1) -> Hello {
        var hello = Hello(
            agent: "raw",
            name: "raw",
            request: nil,
            publish: publishPort.map { Text("127.0.0.1:\($0)") },
            topic: topic,
            time: NodeClock.system.now,
            received: received
        )
        hello.protocol = version
        return hello
    }

    nonisolated func answer(_ answer: @escaping Answer) { seen.state.withLock { $0.answer = answer } }

    /// What was asked of it.
    nonisolated var requests: [any PeerMethod] { seen.state.withLock { $0.requests } }

    nonisolated func count(of method: Text) -> Int { requests.count { type(of: $0).name == method } }

    // MARK: - Publishing

    /// Publishes frames as they are.
    func publish(_ frames: [[UInt8]]) { _ = try? publisher?.send(frames) }

    func publish(_ content: Publication.Content, number: Int64? = nil, topic: Text? = nil, as key: PublicKey? = nil) {
        let publication = Publication(content, number: number)
        publish([Array((topic ?? self.topic).utf8), (key ?? self.key).bytes.array, publication.encoded])
    }

    /// What a node published that can be read.
    nonisolated var heard: [Publication.Content] {
        publications.compactMap { try? Publication(decoding: $0.last ?? []).content }
    }

    // MARK: - Asking

    /// Opens a connection to a node's ROUTER.
    func connect(to node: Node) throws { try connect(to: node.network.requestAddress, of: node.database.identity) }

    /// Opens a connection to the ROUTER of the node with this key.
    func connect(to address: String, of identity: PublicKey) throws {
        dealer?.close()
        dealer = try client(.dealer, address, of: identity)
        thread.register(try opened) { [weak self] in self?.assumeIsolated { $0.readReplies() } }
    }

    /// Ends that connection.
    func hangUp() {
        dealer?.close()
        dealer = nil
    }

    /// Subscribes to all that a node publishes.
    func subscribe(to node: Node) throws { try subscribe(to: node.network.publishAddress, of: node.database.identity) }

    /// Subscribes to all that the node with this key publishes.
    func subscribe(to address: String, of identity: PublicKey) throws {
        let subscriber = try client(.sub, address, of: identity)
        try subscriber.subscribe([])
        self.subscriber = subscriber
        let seen = seen
        thread.register(subscriber) {
            _ = try? subscriber.receive { incoming in
                guard case .message(let message) = incoming else { return }
                seen.state.withLock { $0.publications.append(message.frames) }
            }
        }
    }

    /// Subscribes to topics more.
    func subscribe(to topics: [[UInt8]]) throws { for topic in topics { try subscriber?.subscribe(topic) } }

    private func client(_ kind: Socket.Kind, _ address: String, of server: PublicKey) throws -> Socket {
        var options = SocketOptions()
        options.handshakeInterval = .seconds(3)
        options.sendHighWaterMark = 0
        let socket = try Socket(kind, on: thread, options)
        guard let serverKey = server.transportKey, let ownKey = key.transportKey else { return socket }
        try identity.transportSecret().withSpan { secret in
            try socket.curveClient(serverKey: serverKey.array, publicKey: ownKey.array, secret: secret)
        }
        try socket.connect("tcp://" + address)
        return socket
    }

    private var opened: Socket {
        get throws {
            guard let dealer else { throw ZeroMQError.notOpen }
            return dealer
        }
    }

    private func readReplies() {
        let seen = seen
        _ = try? dealer?.receive { incoming in
            guard case .message(let message) = incoming, message.frames.count == 2 else { return }
            seen.state.withLock { $0.replies[message.frames[0]] = message.frames[1] }
        }
    }

    /// Wakes a node's session, which may sleep by a clock that doesn't run: a number that comes again has it ask for news.
    func wake() { publish(.heads([]), number: 0) }

    /// What a node published, as it came.
    nonisolated var publications: [[[UInt8]]] { seen.state.withLock { $0.publications } }

    /// Sends frames as they are, once there is a connection.
    nonisolated func send(_ frames: [[UInt8]]) async throws {
        try await eventually("the connection takes a message") { try await trySending(frames) }
    }

    /// Sends so many requests, as fast as the connection takes them, and doesn't wait for answers.
    nonisolated func flood(_ body: [UInt8], count: Int) async throws {
        var left = count
        while left > 0 {
            left -= try await sendMany(body, atMost: left)
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func sendMany(_ body: [UInt8], atMost count: Int) throws -> Int {
        for sent in 0..<count where try opened.send([nextID(), body]) != .sent { return sent }
        return count
    }

    /// Asks the same so many times, a few requests at once, and waits for all answers.
    nonisolated func ask(_ body: [UInt8], times: Int, atOnce: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<times {
                if number >= atOnce { try await group.next() }
                group.addTask { _ = try await self.ask(body) }
            }
            try await group.waitForAll()
        }
    }

    /// How many requests were answered, and how many of those by `busy`.
    nonisolated var answered: (all: Int, busy: Int) {
        let busy = Array("busy".utf8)
        return seen.state.withLock { seen in
            (seen.replies.count, seen.replies.values.count { $0.dropFirst(8).starts(with: busy) })
        }
    }

    /// Sends frames as they are, where there is a connection that takes them.
    func trySending(_ frames: [[UInt8]]) throws -> Bool { try opened.send(frames) == .sent }

    private func nextID() -> [UInt8] {
        lastID += 1
        return (0..<8).map { UInt8(truncatingIfNeeded: lastID >> (8 * $0)) }
    }

    /// Asks a node and waits for the reply's frame.
    nonisolated func ask(_ body: [UInt8]) async throws -> [UInt8] {
        let id = await nextID()
        try await send([id, body])
        try await eventually("the node answers") { reply(to: id) != nil }
        return reply(to: id) ?? []
    }

    /// Sends a request without waiting; `isAnswered` tells later.
    nonisolated func request(_ body: [UInt8]) async throws -> [UInt8] {
        let id = await nextID()
        try await send([id, body])
        return id
    }

    nonisolated func reply(to id: [UInt8]) -> [UInt8]? { seen.state.withLock { $0.replies[id] } }

    /// Asks, and gives the code of the error that is answered; `nil` where there is none.
    nonisolated func code(_ body: [UInt8]) async throws -> PeerError.Code? { Self.code(of: try await ask(body)) }

    /// The code of a reply that is an error.
    static func code(of reply: [UInt8]) -> PeerError.Code? {
        var reader = CBORReader(reply)
        guard (try? reader.array()) == 3, (try? reader.text()) == "error" else { return nil }
        return (try? reader.text()).map { PeerError.Code(answered: $0) }
    }

    /// Says hello to a node.
    nonisolated func greet(topic: Text? = nil, version: Int64 = 1) async throws {
        var hello = await hello(version: version)
        if let topic { hello.topic = topic }
        _ = try await ask(hello.encoded)
    }
}

private struct NotOpen: Error {}

extension ZeroMQError {
    fileprivate static var notOpen: any Error { NotOpen() }
}
