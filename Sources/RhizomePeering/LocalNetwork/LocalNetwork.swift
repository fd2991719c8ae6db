internal import Bytes
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements
internal import ZeroMQ

/// Tells the networks that the node is on that it is there, and hears of its peers there (spec: meeting.md, "Local
/// network").
///
/// One packet on each interface, three times at the start and then every 30 s; nothing is ever answered.
actor LocalNetwork {
    private static let interval = Duration.seconds(30)
    private static let first = Duration.seconds(1)
    /// How many come at the start, one second apart.
    private static let packetsAtStart = 3

    private let identity: Identity
    private let policy: ConnectionPolicy
    private let clock: NodeClock
    private let port: UInt16
    /// Where the ROUTER is bound.
    private let host: NumericAddress
    private let peers: LocalPeers
    private let logger: Logger
    private let onFound: @Sendable () -> Void

    private var keys: LocalKeys
    private var gate = PacketGate()
    /// Of each interface the socket by which it hears and speaks.
    private var channels: [LocalInterface: any Channel] = [:]
    private var warnings = Hourly()

    /// - Parameters:
    ///   - host: where the ROUTER is bound: a machine's address, or all of IPv4's or of both kinds.
    ///   - port: on which it listens.
    ///   - onFound: told that a peer may be elsewhere.
    init(
        identity: Identity,
        policy: ConnectionPolicy,
        clock: NodeClock,
        host: NumericAddress,
        port: UInt16,
        peers: LocalPeers,
        logger: Logger,
        onFound: @escaping @Sendable () -> Void
    ) throws {
        self.identity = identity
        self.policy = policy
        self.clock = clock
        self.host = host
        self.port = port
        self.peers = peers
        self.logger = logger
        self.onFound = onFound
        keys = try LocalKeys(of: identity, with: [])
    }

    /// Hears and speaks until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for interface in interfaces() where channels[interface] == nil {
                    do {
                        let channel = try await interface.open()
                        channels[interface] = channel.channel
                        group.addTask { await self.attend(interface, by: channel) }
                    } catch {
                        warn("a network can't be listened to for peers", interface, error)
                    }
                }
                try? await clock.sleep(for: Self.interval)
            }
        }
    }

    /// Those on which the ROUTER can be reached; closes the sockets of all others.
    private func interfaces() -> [LocalInterface] {
        let found = LocalInterface.all().filter { interface in
            if host.isOfOne { return interface.address == host }
            return interface.address.isIPv4 || !host.isIPv4
        }
        for (interface, channel) in channels where !found.contains(interface) { channel.close(promise: nil) }
        return found
    }

    private func attend(_ interface: LocalInterface, by channel: LocalInterface.Packets) async {
        try? await channel.executeThenClose { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await self.speak(at: interface, by: outbound) }
                for try await envelope in inbound {
                    if let pause = self.hear(envelope, at: interface) { try await self.clock.sleep(for: pause) }
                }
                group.cancelAll()
            }
        }
        channels[interface] = nil
    }

    private func warn(_ message: Logger.Message, _ interface: LocalInterface, _ error: any Error) {
        guard !Task.isCancelled, warnings.isDue(now: clock.uptime) else { return }
        logger.warning(message, metadata: ["interface": "\(interface.name)", "error": "\(error)"])
    }

    /// The minute by this clock.
    private var minute: UInt32 { UInt32(clamping: clock.now.microseconds / 60_000_000) }

    // MARK: - Speaking

    private func speak(
        at interface: LocalInterface,
        by writer: NIOAsyncChannelOutboundWriter<AddressedEnvelope<ByteBuffer>>
    ) async {
        var sent = 0
        while !Task.isCancelled {
            do {
                if let packet = try packet(from: interface.address) {
                    let data = ByteBuffer(bytes: packet.encoded)
                    try await writer.write(AddressedEnvelope(remoteAddress: try interface.group, data: data))
                }
            } catch {
                warn("peers on a network can't be told that this node is there", interface, error)
            }
            sent += 1
            try? await clock.sleep(for: sent < Self.packetsAtStart ? Self.first : Self.interval)
        }
    }

    /// What is told now; nothing where nobody could recognise it, and only strangers would learn that we are here.
    private func packet(from source: NumericAddress) throws -> LocalPacket? {
        try updateKeys()
        guard !keys.peers.isEmpty else { return nil }
        return try LocalPacket(port: port, minute: minute, source: source, keys: keys)
    }

    private func updateKeys() throws {
        let now = clock.now
        let trust = policy.trust
        let wanted = Set(trust.entries.keys.filter { trust.mayConnect($0, at: now) })
        guard wanted != Set(keys.peers) else { return }
        keys = try LocalKeys(of: identity, with: wanted, from: keys)
        self.peers.keep(wanted)
    }

    // MARK: - Hearing

    /// - Returns: for how long nothing more is to be read.
    private func hear(_ envelope: AddressedEnvelope<ByteBuffer>, at interface: LocalInterface) -> Duration? {
        look(at: envelope, interface)
        return gate.pause(now: clock.uptime)
    }

    private func look(at envelope: AddressedEnvelope<ByteBuffer>, _ interface: LocalInterface) {
        guard let source = envelope.remoteAddress.ipAddress.flatMap({ NumericAddress($0) }), source.isOfOne,
            gate.admits(source, now: clock.uptime), let packet = LocalPacket(Array(envelope.data.readableBytesView))
        else { return }
        try? updateKeys()
        guard let place = packet.sender(from: source, among: keys, at: minute) else { return }
        let peer = keys.peers[place]
        guard let address = interface.address(of: envelope.remoteAddress, port: packet.port),
            peers.note(peer, at: address)
        else { return }
        logger.debug(
            "a peer is on a local network",
            metadata: ["peer": "\(peer.did)", "address": "\(address)"]
        )
        onFound()
    }
}
