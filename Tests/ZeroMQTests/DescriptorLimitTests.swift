import ProcessLimits
import Testing

@testable import ZeroMQ

@Suite(.timeLimit(.minutes(2))) struct DescriptorLimitTests {
    @Test(
        "the last descriptors are an eighth of all, 32 at least and 1,024 at most",
        arguments: [
            (100, 68), (256, 224), (1_024, 896), (4_096, 3_584), (524_288, 523_264), (Int.max, Int.max - 1_024),
        ]
    )
    func last(limit: Int, first: Int) {
        for descriptor in [0, first - 1, first, limit - 1] {
            guard let number = Int32(exactly: descriptor) else { continue }
            #expect(DescriptorLimit.isLast(number, of: limit) == (descriptor >= first))
        }
    }

    @Test("a connection that takes one of the last descriptors is ended, and no other")
    func accepted() async throws {
        try await withThread { thread in
            let keys = try TestKeys()
            let domain = try await ZAPHandler.shared().openForTest { _, _ in .admit(userID: "peer") }
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: keys, domain: domain)
            func client() async throws -> TestSocket {
                try await TestSocket.client(
                    .dealer,
                    on: thread,
                    keys: try TestKeys(),
                    server: keys.publicKey,
                    endpoint: endpoint
                )
            }
            let first = try await client()
            let accepted = try await server.event(.accepted)
            #expect(AcceptedConnections(descriptorLimit: 1_000_000).note(accepted))
            try await first.event(.handshakeSucceeded)
            let second = try await client()
            // As if there were no more than it has taken.
            let last = try await server.event(.accepted)
            #expect(!AcceptedConnections(descriptorLimit: 32).note(last))
            try await second.event(.disconnected)
            #expect(!first.events.all.contains { $0.kind == .disconnected })
        }
    }
}
