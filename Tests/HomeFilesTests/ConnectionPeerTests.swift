import Foundation
import HomeFiles
import Testing

/// The kernel is asked about real connections of this process; those of another user are in `TokenTests`.
@Suite struct ConnectionPeerTests {
    /// A connection of this process with itself.
    private struct Connection: ~Copyable {
        private let listener: Int32
        private(set) var client: Int32
        let accepted: Int32

        /// - Parameter address: numeric; a socket for IPv6 is one for IPv4 too.
        init(_ address: String) throws {
            let family = address.contains(":") ? AF_INET6 : AF_INET
            listener = socket(family, Int32(SOCK_STREAM.rawValue), 0)
            client = socket(family, Int32(SOCK_STREAM.rawValue), 0)
            var storage = sockaddr_in6()
            let count: Int
            if family == AF_INET {
                count = MemoryLayout<sockaddr_in>.size
                unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                    unsafe bytes.storeBytes(of: UInt16(AF_INET), as: UInt16.self)
                    unsafe inet_pton(AF_INET, address, bytes.baseAddress.map { unsafe $0 + 4 })
                }
            } else {
                count = MemoryLayout<sockaddr_in6>.size
                storage.sin6_family = sa_family_t(AF_INET6)
                unsafe inet_pton(AF_INET6, address, &storage.sin6_addr)
            }
            var size = socklen_t(count)
            let (listener, client) = (listener, client)
            let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe bind(listener, address, size) | listen(listener, 8)
                        | getsockname(listener, address, &size) | connect(client, address, size)
                }
            }
            accepted = accept(listener, nil, nil)
            try #require(status == 0 && accepted >= 0, "errno \(errno)")
        }

        mutating func closeClient() {
            close(client)
            client = -1
        }

        /// The peer gets a reset instead of an end.
        mutating func resetClient() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            unsafe setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            closeClient()
        }

        deinit { for descriptor in [listener, client, accepted] where descriptor >= 0 { close(descriptor) } }
    }

    @Test("a connection of the same user is known", arguments: ["127.0.0.1", "127.9.8.7", "::1", "::ffff:127.0.0.1"])
    func own(_ address: String) throws {
        let connection = try Connection(address)
        #expect(ConnectionPeer(descriptor: connection.accepted) == .ownUser)
        #expect(ConnectionPeer(descriptor: connection.client) == .ownUser)
    }

    @Test("who has closed its end is taken for nobody: the kernel would tell root", arguments: ["127.0.0.1", "::1"])
    func closed(_ address: String) throws {
        var connection = try Connection(address)
        unsafe send(connection.client, [1], 1, 0)
        connection.closeClient()
        #expect(ConnectionPeer(descriptor: connection.accepted) == .otherUser(nil))
    }

    @Test("nor is who writes no more, or has gone", arguments: ["127.0.0.1", "::1"])
    func gone(_ address: String) throws {
        var connection = try Connection(address)
        shutdown(connection.client, Int32(SHUT_WR))
        #expect(ConnectionPeer(descriptor: connection.accepted) == .otherUser(nil))
        connection = try Connection(address)
        connection.resetClient()
        #expect(ConnectionPeer(descriptor: connection.accepted) == .elsewhere)
    }

    @Test("what is no connection is nobody's")
    func none() throws {
        #expect(ConnectionPeer(descriptor: -1) == .elsewhere)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        listen(listener, 1)
        #expect(ConnectionPeer(descriptor: listener) == .elsewhere)
        #expect(ConnectionPeer(descriptor: STDIN_FILENO) == .elsewhere)
    }
}
