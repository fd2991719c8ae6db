import Locks
import NIOCore
import NIOPosix

/// TCP connections that somebody opens, says the same on each, and then says nothing more.
public final class SilentConnections: Sendable {
    private let channels = Lock<[any Channel]>([])

    private init() {}

    /// Opens so many to `host:port`, lends them, and closes them.
    public static func running<Result>(
        _ count: Int,
        to address: String,
        saying bytes: [UInt8],
        _ body: (SilentConnections) async throws -> Result
    ) async throws -> Result {
        let parts = address.split(separator: ":").map(String.init)
        let connections = SilentConnections()
        do {
            for _ in 0..<count {
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: parts.first ?? "", port: parts.last.flatMap { Int($0) } ?? 0)
                    .get()
                connections.channels.withLock { $0.append(channel) }
                if !bytes.isEmpty { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)) }
            }
            let result = try await body(connections)
            await connections.close()
            return result
        } catch {
            await connections.close()
            throw error
        }
    }

    /// How many the other side hasn't closed yet.
    public var open: Int { channels.withLock { $0.count { $0.isActive } } }

    private func close() async {
        for channel in channels.withLock({ $0 }) { try? await channel.close() }
    }
}
