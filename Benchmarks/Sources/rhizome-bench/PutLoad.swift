import Foundation

/// HTTP clients with a connection each that stays, all on one thread, so that they take little from whom they measure.
final class PutLoad {
    private struct Client {
        let descriptor: Int32
        var sentAt = ContinuousClock.now
        var received: [UInt8] = []
    }

    private let host: String
    private var clients: [Client] = []
    private var buffer = [UInt8](repeating: 0, count: 4_096)

    /// Connects to an address, `host:port`, of IPv4.
    init(_ address: Substring, clients count: Int) throws {
        host = String(address)
        let parts = address.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else { throw BenchmarkError("\(address) is no host:port") }
        for _ in 0..<count {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = port.bigEndian
            unsafe inet_pton(AF_INET, String(parts[0]), &target.sin_addr)
            let status = unsafe withUnsafePointer(to: &target) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard status == 0 else { throw BenchmarkError("no connection to \(address)") }
            var isOn: Int32 = 1
            unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
            clients.append(Client(descriptor: descriptor))
        }
    }

    deinit { for client in clients { close(client.descriptor) } }

    /// Puts so many new properties, each client the next one when it is answered.
    func run(writes: Int, prefix: String) throws -> (latencies: Latencies, elapsed: Duration) {
        let start = ContinuousClock.now
        var times: [Duration] = []
        var begun = 0
        func begin(_ client: Int) throws {
            guard begun < writes else { return }
            try send(client, "PUT", "/api/bench/\(prefix)\(begun)", #"{"value":\#(begun)}"#)
            begun += 1
        }
        for client in clients.indices { try begin(client) }
        var waiting = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        while times.count < writes {
            guard unsafe poll(&waiting, nfds_t(waiting.count), 60_000) > 0 else {
                throw BenchmarkError("no answer within a minute")
            }
            for client in waiting.indices where waiting[client].revents != 0 {
                guard let status = try receive(client) else { continue }
                guard status == 200 else { throw BenchmarkError("a PUT was answered with \(status)") }
                times.append(ContinuousClock.now - clients[client].sentAt)
                try begin(client)
            }
        }
        return (Latencies(times), ContinuousClock.now - start)
    }

    /// Asks by the first client and waits for the status.
    func ask(_ method: String, _ path: String, _ body: String = "") throws -> Int {
        try send(0, method, path, body)
        while true { if let status = try receive(0) { return status } }
    }

    private func send(_ client: Int, _ method: String, _ path: String, _ body: String) throws {
        var request = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n"
        if !body.isEmpty { request += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        let bytes = Array((request + "\r\n" + body).utf8)
        clients[client].sentAt = .now
        guard unsafe write(clients[client].descriptor, bytes, bytes.count) == bytes.count else {
            throw BenchmarkError("a request wasn't taken")
        }
    }

    /// What has come; the status where an answer is whole.
    ///
    /// Looks at bytes, not at texts: the processor time that it takes is missing to the node that it measures.
    private func receive(_ client: Int) throws -> Int? {
        let count = unsafe read(clients[client].descriptor, &buffer, buffer.count)
        guard count > 0 else { throw BenchmarkError("the connection was closed") }
        clients[client].received += buffer[..<count]
        let bytes = clients[client].received
        guard let end = bytes.firstRange(of: Self.headEnd),
            let status = Int(String(decoding: bytes[9..<12], as: UTF8.self))
        else { return nil }
        guard let field = bytes[..<end.lowerBound].firstRange(of: Self.lengthField) else {
            throw BenchmarkError("an answer without a length")
        }
        let length = bytes[field.upperBound...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            .reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard bytes.count - end.upperBound >= length else { return nil }
        clients[client].received.removeAll(keepingCapacity: true)
        return status
    }

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let lengthField = Array("\r\ncontent-length: ".utf8)
}
