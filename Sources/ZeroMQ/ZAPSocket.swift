/// The handler's socket: answers requests as they come.
///
/// A ROUTER, which libzmq allows as well as a REP (src/session_base.cpp, zap_connect): a request that can't be read is
/// dropped without wedging those behind it.
final class ZAPSocket {
    private static let maximumFrames = 16

    private let socket: Socket

    init(on thread: SocketThread, answer: @escaping ([[UInt8]]) -> [[UInt8]]?) throws(ZeroMQError) {
        var options = SocketOptions()
        options.sendHighWaterMark = 0
        options.receiveHighWaterMark = 0
        // A handshake that was given up while its request waited has no way back.
        options.routerMandatory = false
        options.requiresConnection = false
        let socket = try Socket(.router, on: thread, options)
        self.socket = socket
        thread.register(socket) {
            // An error leaves the client without an answer: it isn't let in.
            _ = try? socket.receive(maximumFrames: Self.maximumFrames) { incoming throws(ZeroMQError) in
                guard case .message(let message) = incoming else {
                    _ = answer([])
                    return
                }
                // Routing id, empty delimiter, request.
                let isEnveloped = message.frames.count >= 2 && message.frames[1].isEmpty
                guard let reply = answer(isEnveloped ? Array(message.frames[2...]) : []) else { return }
                try socket.send(Array(message.frames[..<2]) + reply)
            }
        }
    }

    func bind(_ endpoint: String) throws(ZeroMQError) { try socket.bind(endpoint) }
}
