/// One `Socket.rebind` under way, confined to its socket thread.
final class Rebinding {
    /// How often binding is tried.
    ///
    /// With 10 ms between, that is 2 s; one or two are the rule.
    static let attempts = 200

    private let endpoint: String
    private weak let socket: Socket?
    private let atEnd: () -> Void
    private var completions: [(ZeroMQError?) -> Void] = []
    private var attemptsLeft = attempts
    private var timer: SocketThread.Timer?

    init(_ socket: Socket, endpoint: String, atEnd: @escaping () -> Void) {
        self.socket = socket
        self.endpoint = endpoint
        self.atEnd = atEnd
    }

    func add(_ completion: @escaping (ZeroMQError?) -> Void) { completions.append(completion) }

    func start() {
        do {
            try socket?.unbind(endpoint)
        } catch  where error.code == .endpoint {
            // Not bound, since an attempt before failed for good: binding is what is asked for.
        } catch {
            return end(error)
        }
        bind()
    }

    func cancel(_ error: ZeroMQError) { end(error) }

    private func bind() {
        guard let socket else { return end(ZeroMQError(.closed, "Socket.rebind")) }
        do {
            try socket.bind(endpoint)
            end(nil)
        } catch  where error.code == .addressInUse && attemptsLeft > 1 {
            attemptsLeft -= 1
            timer = socket.thread.schedule(
                after: .milliseconds(10),
                { self.bind() },
                whenDropped: { self.end(ZeroMQError(.stopped, "Socket.rebind")) }
            )
        } catch {
            end(error)
        }
    }

    private func end(_ error: ZeroMQError?) {
        if let timer { socket?.thread.cancel(timer) }
        timer = nil
        atEnd()
        let completions = completions
        self.completions = []
        for completion in completions { completion(error) }
    }
}
