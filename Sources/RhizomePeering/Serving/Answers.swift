internal import Bytes
internal import RhizomeCore
internal import RhizomeDatabase
internal import RhizomeIdentity
internal import SignedStatements

extension Hello: ServedMethod {
    static let needsGreeting = false

    func answer(_ asker: Asker, from server: PeerServer) async -> Hello {
        server.directory.saw(asker.peer, hello: self)
        if `protocol` == Self.protocolVersion, topic == server.configuration.topic {
            if await server.peering.noteGreeting(of: asker.peer, connection: asker.connection) {
                server.directory.noteReturn(of: asker.peer)
            }
        }
        if let record, server.book.note(record) { server.onAddresses() }
        var ours = await server.hello()
        ours.seen = await server.peering.origin(of: asker.peer).map { Text($0) }
        ours.received = asker.received
        ours.time = server.clock.now
        return ours
    }
}

extension HeadsMethod: ServedMethod {
    func answer(_ asker: Asker, from server: PeerServer) async throws -> Reply {
        server.directory.noteProgress(of: asker.peer)
        var after = after
        while true {
            let heads = try await server.log.heads(after: after, limit: limit + 1)
            let page = heads.prefix(limit)
            let told = server.shown(Array(page))
            // An empty page would end the asking side's comparison, even if all on it is merely not shown.
            guard told.isEmpty, heads.count > limit else { return Reply(heads: told, more: heads.count > limit) }
            after = page.last
        }
    }
}

extension NewsMethod: ServedMethod {
    func answer(_ asker: Asker, from server: PeerServer) async throws -> Reply {
        server.directory.noteProgress(of: asker.peer)
        let changes = try await server.log.changes(after: try await place(in: server.log), limit: limit)
        return Reply(
            heads: server.shown(changes.heads),
            cursor: Self.cursor(at: changes.cursor, in: server.log),
            more: changes.hasMore
        )
    }

    /// A cursor names the log, since a position means nothing in another one: epoch, position, and the last head told
    /// where an author's are parted.
    private static func cursor(at place: ChangeCursor, in log: any AcceptanceOrder) -> [UInt8] {
        log.epoch + (0..<8).reversed().map { UInt8(truncatingIfNeeded: place.position >> (8 * Int64($0))) }
            + (place.head?.bytes.array ?? [])
    }

    /// Where the cursor stands; an unknown one starts over, as does one beyond the end of a log restored from a backup.
    private func place(in log: any AcceptanceOrder) async throws -> ChangeCursor {
        guard let cursor, cursor.starts(with: log.epoch) else { return .start }
        let rest = cursor.dropFirst(log.epoch.count)
        let position = rest.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let head = Bytes32(rest.dropFirst(8)).map { DeltaID($0) }
        guard rest.count == 8 || head != nil, 0...(try await log.count()) ~= position else { return .start }
        return ChangeCursor(position: position, head: head)
    }
}

extension PullMethod: ServedMethod {
    func answer(_ asker: Asker, from server: PeerServer) async throws -> Reply {
        guard server.isShown(request.author) else { return Reply(deltas: [], more: false) }
        let isRemembered = server.policy.trust.isKnown(request.author)
        if isRemembered, request.after == nil {
            server.directory.noteHave(request.have, of: request.author, at: asker.peer)
        }
        let page = try await server.log.pull(request)
        if isRemembered, !page.hasMore {
            server.directory.notePulled(request.want, of: request.author, by: asker.peer)
        }
        return Reply(deltas: page.deltas, more: page.hasMore)
    }
}

extension PushMethod: ServedMethod {
    func answer(_ asker: Asker, from server: PeerServer) async throws -> [Result] {
        try await server.intake.submit(deltas, from: asker.peer).map { judgement in
            Result(
                id: judgement.id,
                decision: Text(judgement.decision.name),
                reason: judgement.decision.reason.map { Text($0) }
            )
        }
    }
}

extension AddressesMethod: ServedMethod {
    /// Of those that were asked for the records that are newer, our own among them.
    func answer(_ asker: Asker, from server: PeerServer) async -> [[UInt8]] {
        let own = server.configuration.identity
        let records = wanted.compactMap { wanted in
            let record = wanted.key == own ? server.own.record : server.book.record(of: wanted.key)
            return record.flatMap { $0.time > wanted.time ? $0 : nil }
        }
        return records.map(\.signed.encoded)
    }
}

extension PeersMethod: ServedMethod {
    func answer(_ asker: Asker, from server: PeerServer) async -> [Peer] {
        server.directory.connected
    }
}
