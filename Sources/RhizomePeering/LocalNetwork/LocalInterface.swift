internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import RhizomeIdentity
internal import ZeroMQ

/// A network interface with one of its addresses, on which peers are looked for (spec: meeting.md, "Local network").
struct LocalInterface: Hashable, Sendable {
    /// A socket's packets, each with where it comes from or goes to.
    typealias Packets = NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>

    /// The UDP port.
    static let port = 4002
    private static let groups = (four: "239.255.82.90", six: "ff02::525a")

    /// As the system calls it.
    let name: String
    /// From which packets are sent.
    let address: NumericAddress
    private let device: NIONetworkDevice

    /// Two with the same name and address are the same.
    static func == (left: Self, right: Self) -> Bool { left.name == right.name && left.address == right.address }

    /// Feeds what tells it from others.
    func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(address)
    }

    /// Those of this machine that can reach many: of each one IPv4 address and one link-local IPv6 address, as far as it
    /// has them.
    static func all() -> [LocalInterface] {
        var found: [LocalInterface] = []
        for device in (try? System.enumerateDevices()) ?? [] where device.multicastSupported {
            guard let address = device.address?.ipAddress.flatMap({ NumericAddress($0) }), address.isOfOne,
                !address.isLoopback, address.isIPv4 || address.isLinkLocal,
                !found.contains(where: { $0.name == device.name && $0.address.isIPv4 == address.isIPv4 })
            else { continue }
            found.append(LocalInterface(name: device.name, address: address, device: device))
        }
        return found
    }

    /// To where packets are sent.
    ///
    /// - Throws: where the interface is gone.
    var group: SocketAddress {
        get throws {
            // The resolver reads the zone of a numeric address, and looks nothing up.
            let host = address.isIPv4 ? Self.groups.four : "\(Self.groups.six)%\(name)"
            return try SocketAddress.makeAddressResolvingHost(host, port: Self.port)
        }
    }

    /// Where a sender is, as connections go there: with the interface where an address means nothing without.
    func address(of source: SocketAddress, port: UInt16) -> PeerAddress? {
        guard let host = source.ipAddress else { return nil }
        let isLinkLocal = NumericAddress(host)?.isLinkLocal == true
        return PeerAddress(host: isLinkLocal ? "\(host)%\(name)" : host, port: port)
    }

    /// A socket that hears the group on this interface alone, and speaks to it from this address, one hop far.
    func open() async throws -> Packets {
        let bootstrap = DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Nodes of one machine hear on the same port.
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            // What comes for many senders at once waits in the system.
            .channelOption(.maxMessagesPerRead, value: 4)
        let channel = try await bootstrap.bind(to: try group) { channel in
            channel.eventLoop.makeCompletedFuture {
                try Packets(wrappingChannelSynchronously: channel)
            }
        }
        do {
            try await restrict(channel.channel)
        } catch {
            try? await channel.channel.close()
            throw error
        }
        return channel
    }

    private func restrict(_ channel: any Channel) async throws {
        guard let sockets = channel as? any SocketOptionProvider, let multicast = channel as? any MulticastChannel
        else {
            preconditionFailure("a datagram channel has both")
        }
        if address.isIPv4 {
            // Else what comes for the same group by other interfaces would come here too.
            try await channel.setOption(.ipOption(Self.multicastAll), value: 0).get()
            try await sockets.setIPMulticastIF(
                unsafe address.bytes[12...].withUnsafeBytes { bytes in
                    unsafe bytes.loadUnaligned(as: in_addr.self)
                }
            ).get()
            try await sockets.setIPMulticastTTL(1).get()
        } else {
            try await sockets.setIPv6MulticastIF(CUnsignedInt(device.interfaceIndex)).get()
            try await sockets.setIPv6MulticastHops(1).get()
        }
        try await multicast.joinGroup(group, device: device).get()
    }

    /// Linux's `IP_MULTICAST_ALL`, which NIO has no name for.
    private static let multicastAll = NIOBSDSocket.Option(rawValue: 49)
}
