/// One `Socket.rebind` under way, confined to its socket thread.
final class Rebinding {
    /// How often binding is tried: with 10 ms between, for 2 s.
    ///
    /// One or two are the rule.
    static let attempts = 200

    let endpoint: String
    private var completions: [(ZeroMQError?) -> Void]
    private var attemptsLeft = attempts
    private var timer: SocketThread.Timer?
    private weak var socket: Socket?
    private var atEnd: (() -> Void)?

    init(endpoint: String, _ completion: @escaping (ZeroMQError?) -> Void) {
        self.endpoint = endpoint
        completions = [completion]
    }

    func add(_ completion: @escaping (ZeroMQError?) -> Void) { completions.append(completion) }

    func start(_ socket: Socket, atEnd: @escaping () -> Void) {
        self.socket = socket
        self.atEnd = atEnd
        do {
            try socket.unbind(endpoint)
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
                atStop: {
                    self.end(ZeroMQError(.stopped, "Socket.rebind"))
                }
            )
        } catch {
            end(error)
        }
    }

    private func end(_ error: ZeroMQError?) {
        if let timer { socket?.thread.cancel(timer) }
        timer = nil
        atEnd?()
        atEnd = nil
        let completions = completions
        self.completions = []
        for completion in completions { completion(error) }
    }
}
