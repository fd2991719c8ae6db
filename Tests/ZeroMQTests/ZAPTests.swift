import RhizomeTesting
import Testing

@testable import ZeroMQ

@Suite struct ZAPTests {
    /// Asks the process's handler as libzmq does, through a socket of our own.
    private func ask(_ requests: [[[UInt8]]], on thread: SocketThread) async throws -> TestSocket {
        let asker = TestSocket(on: thread)
        try await asker.open(.dealer, requiresConnection: false)
        try await asker.use { try $0.connect(ZAPHandler.endpoint) }
        for request in requests { try await asker.send(request) }
        return asker
    }

    private func request(
        id: UInt8,
        version: String = "1.0",
        domain: String,
        mechanism: String = "CURVE",
        credentials: [[UInt8]] = [[UInt8](repeating: 5, count: 32)]
    ) -> [[UInt8]] {
        [[], Array(version.utf8), [id], Array(domain.utf8), Array("10.0.0.1".utf8), []]
            + [Array(mechanism.utf8)] + credentials
    }

    private func text(_ frame: [UInt8]) -> String { String(decoding: frame, as: UTF8.self) }

    @Test("every decision becomes its status; only a decision to admit lets anyone in")
    func statuses() async throws {
        try await withThread { thread in
            let handler = try await ZAPHandler.shared()
            let decisions: [(ZAPDecision, status: String, userID: String)] = [
                (.admit(userID: "alice"), "200", "alice"),
                (.admit(userID: String(repeating: "x", count: 255)), "200", String(repeating: "x", count: 255)),
                (.tryLater, "300", ""),
                (.refuse, "400", ""),
                (.admit(userID: ""), "500", ""),
                (.admit(userID: String(repeating: "x", count: 256)), "500", ""),
                (.admit(userID: "alice\0mallory"), "500", ""),
            ]
            for (index, (decision, status, userID)) in decisions.enumerated() {
                let domain = try handler.openForTest { _, _ in decision }
                let asker = try await ask([request(id: UInt8(index), domain: domain.name)], on: thread)
                let reply = try await asker.message().frames
                #expect(reply.count == 7)
                #expect(reply[0].isEmpty)
                #expect(text(reply[1]) == "1.0")
                #expect(reply[2] == [UInt8(index)])
                #expect(text(reply[3]) == status)
                #expect(text(reply[5]) == userID)
                domain.close()
            }
        }
    }

    @Test("without CURVE, with keys of another size and in unknown domains the answer is no, and nobody is asked")
    func unsupported() async throws {
        try await withThread { thread in
            let handler = try await ZAPHandler.shared()
            let domain = try handler.openForTest { _, _ in
                Issue.record("the authoriser was asked")
                return .admit(userID: "anyone")
            }
            let key = [UInt8](repeating: 5, count: 32)
            let asker = try await ask(
                [
                    request(id: 0, domain: domain.name, mechanism: "NULL", credentials: []),
                    request(id: 1, domain: domain.name, mechanism: "PLAIN", credentials: [[1], [2]]),
                    request(id: 2, domain: domain.name, mechanism: "curve"),
                    request(id: 3, domain: domain.name, credentials: []),
                    request(id: 4, domain: domain.name, credentials: [Array(key.dropLast())]),
                    request(id: 5, domain: domain.name, credentials: [key, key]),
                    request(id: 6, domain: domain.name + "x"),
                    request(id: 7, domain: ""),
                ],
                on: thread
            )
            for id in 0..<8 as Range<UInt8> {
                let reply = try await asker.message().frames
                #expect(reply[2] == [id])
                #expect(text(reply[3]) == "400")
            }
        }
    }

    @Test("a request that is none is dropped, and the next one is answered")
    func malformed() async throws {
        try await withThread { thread in
            let handler = try await ZAPHandler.shared()
            let domain = try handler.openForTest { _, _ in .refuse }
            let good = request(id: 9, domain: domain.name)
            let asker = try await ask(
                [
                    [[]], [[], []], Array(good.dropFirst()), Array(good.prefix(6)),
                    request(id: 1, version: "1.1", domain: domain.name),
                    good.enumerated().map { $0.offset == 3 ? [0xff] : $0.element },
                    good.enumerated().map { $0.offset == 4 ? [0xc3, 0x28] : $0.element },
                    Array(repeating: [], count: 1_000),
                    good,
                ],
                on: thread
            )
            #expect(try await asker.message().frames[2] == [9])
        }
    }

    @Test("a domain has one authoriser, a name that can be one, and lets nobody in once closed")
    func domains() async throws {
        try await withThread { thread in
            let handler = try await ZAPHandler.shared()
            var domain: ZAPDomain? = try handler.openForTest { _, _ in .admit(userID: "x") }
            let name = try #require(domain?.name)
            #expect(throws: ZeroMQError(.domain, "")) { try handler.open(domain: name) { _, _ in .refuse } }
            for bad in ["", "a\0b", String(repeating: "d", count: 256)] {
                #expect(throws: ZeroMQError(.domain, "")) { try handler.open(domain: bad) { _, _ in .refuse } }
            }
            domain = nil
            let asker = try await ask([request(id: 1, domain: name)], on: thread)
            #expect(text(try await asker.message().frames[3]) == "400")
            let again = try handler.open(domain: name) { _, _ in .tryLater }
            try await asker.send(request(id: 2, domain: name))
            #expect(text(try await asker.message().frames[3]) == "300")
            again.close()
            again.close()
        }
    }

    @Test("no second handler can be bound in the process")
    func one() async throws {
        try await withThread { thread in
            _ = try await ZAPHandler.shared()
            #expect(try await ZAPHandler.shared() === ZAPHandler.shared())
            try await thread.perform {
                let second = try Socket(.router, on: thread)
                #expect(throws: ZeroMQError(.addressInUse, "")) { try second.bind(ZAPHandler.endpoint) }
            }
        }
    }
}
