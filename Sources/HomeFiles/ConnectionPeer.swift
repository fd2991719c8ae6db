internal import Glibc

/// Where the other end of a TCP connection is, and whose it is on this machine (spec: http.md, last paragraph).
///
/// A program that hands on what others send it is its own user's: a proxy, `ssh -L`.
package enum ConnectionPeer: Hashable, Sendable {
    /// On this machine, made by the user as whom this process runs, or by root.
    case ownUser
    /// On this machine, made by another user: its number, `nil` where the kernel doesn't tell.
    case otherUser(UInt32?)
    /// At another address than those of loopback, or gone.
    case elsewhere

    /// What the kernel tells of users that have no number here, in a user namespace for example.
    private static let unknownUser: UInt32 = 65_534

    /// Asks the kernel about an accepted connection, and waits for nothing.
    ///
    /// Costs the same however many connections there are. A peer that has closed its end has no user any more.
    package init(descriptor: Int32) {
        guard let remote = SocketEnd.remote(of: descriptor), remote.isLoopback else {
            self = .elsewhere
            return
        }
        guard let local = SocketEnd.local(of: descriptor), let user = SocketOwner.user(of: remote, facing: local),
            // Had it been reset meanwhile, another could have the same port now, and have been found.
            SocketEnd.remote(of: descriptor) == remote
        else {
            self = .otherUser(nil)
            return
        }
        self = user == 0 || (user == geteuid() && user != Self.unknownUser) ? .ownUser : .otherUser(user)
    }
}

/// An address with a port, in network byte order.
private struct SocketEnd: Equatable {
    let family: Int32
    let port: [UInt8]
    /// 4 or 16 bytes.
    let address: [UInt8]

    static func local(of descriptor: Int32) -> SocketEnd? {
        unsafe reading { unsafe getsockname(descriptor, $0, $1) }
    }

    /// `nil` where there is no connection any more.
    static func remote(of descriptor: Int32) -> SocketEnd? {
        unsafe reading { unsafe getpeername(descriptor, $0, $1) }
    }

    private static func reading(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketEnd? {
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, &count) }
        }
        guard status == 0 else { return nil }
        let bytes = unsafe withUnsafeBytes(of: storage) { unsafe Array($0) }
        // sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)).
        switch Int32(storage.ss_family) {
        case AF_INET: return SocketEnd(family: AF_INET, port: Array(bytes[2..<4]), address: Array(bytes[4..<8]))
        case AF_INET6: return SocketEnd(family: AF_INET6, port: Array(bytes[2..<4]), address: Array(bytes[8..<24]))
        default: return nil
        }
    }

    /// 127.0.0.0/8, also as IPv6 has it (::ffff:127.0.0.0/104), and ::1.
    var isLoopback: Bool {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
        if address.count == 4 { return address[0] == 127 }
        return address.starts(with: mapped + [127]) || address == [UInt8](repeating: 0, count: 15) + [1]
    }
}

/// Looks up one TCP socket of this machine (sock_diag(7), linux/inet_diag.h).
private enum SocketOwner {
    private static let sockDiag: Int32 = 4
    /// `SOCK_DIAG_BY_FAMILY`: the type of the request and of its answer.
    private static let byFamily: UInt16 = 20
    private static let isRequest: UInt16 = 1
    private static let tcp: UInt8 = 6
    /// `TCP_ESTABLISHED`.
    private static let established: UInt8 = 1
    /// `struct nlmsghdr` with `struct inet_diag_msg`.
    private static let answerBytes = 16 + 72

    /// The user who made the socket with one end that is connected to the other.
    ///
    /// Of an established one alone: one that was closed belongs to user 0 until it is gone, and where there is none the
    /// one that listens is told.
    static func user(of end: SocketEnd, facing other: SocketEnd) -> UInt32? {
        let id =
            end.port + other.port + padded(end.address) + padded(other.address) + bytes(UInt32(0))
            // No cookie: the socket isn't known yet.
            + [UInt8](repeating: 0xff, count: 8)
        let body = [UInt8(end.family), tcp, 0, 0] + bytes(UInt32(1) << established) + id
        let header = bytes(UInt32(16 + body.count)) + bytes(byFamily) + bytes(isRequest) + bytes(UInt64(1))
        guard let answer = exchange(header + body), answer.count >= answerBytes,
            Array(answer[4..<6]) == bytes(byFamily), answer[17] == established,
            Array(answer[20..<24]) == end.port + other.port,
            // A socket that no process has any more has no inode.
            answer[84..<88].contains(where: { $0 != 0 })
        else { return nil }
        return unsafe answer.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: 80, as: UInt32.self) }
    }

    private static func padded(_ address: [UInt8]) -> [UInt8] {
        address + [UInt8](repeating: 0, count: 16 - address.count)
    }

    /// In the machine's byte order.
    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        unsafe withUnsafeBytes(of: number) { unsafe Array($0) }
    }

    /// The kernel answers within the call that sends, so that there is nothing to wait for.
    private static func exchange(_ request: [UInt8]) -> [UInt8]? {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), sockDiag)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard unsafe send(descriptor, request, request.count, 0) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 512)
        let count = unsafe recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? Array(answer.prefix(count)) : nil
    }
}
