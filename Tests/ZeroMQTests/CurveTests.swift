import RhizomeTesting
import Sodium
import Testing

@testable import ZeroMQ

@Suite struct CurveTests {
    @Test("a trusted client's request arrives with its user id, and its reply comes back")
    func roundTrip() async throws {
        try await withThread { thread in
            let (serverKeys, clientKeys) = (try TestKeys(), try TestKeys())
            let domain = try await ZAPHandler.shared().openForTest { key, address in
                key == clientKeys.publicKey && address == "127.0.0.1" ? .admit(userID: "alice") : .refuse
            }
            let (server, endpoint) = try await TestSocket.server(.router, on: thread, keys: serverKeys, domain: domain)
            let client = try await TestSocket.client(
                .dealer,
                on: thread,
                keys: clientKeys,
                server: serverKeys.publicKey,
                endpoint: endpoint
            )
            try await client.event(.handshakeSucceeded)
            #expect(try await client.send([[1], [], [2, 3]]) == .sent)
            let request = try await server.message()
            #expect(Array(request.frames.dropFirst()) == [[1], [], [2, 3]])
            #expect(request.userID == "alice")
            #expect(request.peerAddress == "127.0.0.1")
            #expect(try await server.send([request.frames[0], [4]]) == .sent)
            let reply = try await client.message()
            #expect(reply.frames == [[4]])
            #expect(reply.userID == nil)
        }
    }
}
