internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedLog

/// What became of a pushed delta at the peer.
struct PushResult: Hashable, Sendable {
    /// Its id; none where the peer could not decode it.
    let id: DeltaID?
    /// `accept`, `duplicate`, `defer` or `reject`.
    let decision: Text
    /// Why, for the last two.
    let reason: Text?
}

/// A peer that another node tells of.
struct KnownPeer: Hashable, Sendable {
    let identity: PublicKey
    let request: Text?
    let name: Text
}

/// Writes replies: `["ok", result]` or `["error", code, message]` (spec: peering.md, "Requests").
enum PeerReply {
    /// An error.
    static func error(_ error: PeerError) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(3)
        writer.text("error")
        writer.text(Text(error.code.rawValue))
        writer.text(Text(error.message))
        return writer.bytes
    }

    private static func ok(_ write: (inout CBORWriter) -> Void) -> [UInt8] {
        var writer = CBORWriter()
        writer.array(2)
        writer.text("ok")
        write(&writer)
        return writer.bytes
    }

    static func hello(_ hello: Hello) -> [UInt8] { ok { hello.write(to: &$0) } }

    static func heads(_ heads: [AuthorHead], more: Bool) -> [UInt8] {
        ok {
            $0.array(2)
            $0.authorHeads(heads)
            $0.bool(more)
        }
    }

    static func news(_ heads: [AuthorHead], cursor: [UInt8], more: Bool) -> [UInt8] {
        ok {
            $0.array(3)
            $0.authorHeads(heads)
            $0.byteString(cursor)
            $0.bool(more)
        }
    }

    static func pull(_ deltas: [[UInt8]], more: Bool) -> [UInt8] {
        ok {
            $0.array(2)
            $0.byteStrings(deltas)
            $0.bool(more)
        }
    }

    static func push(_ results: [PushResult]) -> [UInt8] {
        ok {
            $0.array(results.count)
            for result in results {
                $0.array(3)
                if let id = result.id { $0.byteString(id.bytes) } else { $0.null() }
                $0.text(result.decision)
                if let reason = result.reason { $0.text(reason) } else { $0.null() }
            }
        }
    }

    static func peers(_ peers: [KnownPeer]) -> [UInt8] {
        ok {
            $0.array(peers.count)
            for peer in peers {
                $0.array(3)
                $0.byteString(peer.identity.bytes)
                if let request = peer.request { $0.text(request) } else { $0.null() }
                $0.text(peer.name)
            }
        }
    }

    /// Opens a reply and reads its result.
    ///
    /// - Throws: the error that the peer answered, or `badReply` where the reply isn't one.
    static func read<Result>(
        _ bytes: [UInt8],
        _ result: (inout CBORReader) throws(CBORError) -> Result
    ) throws(PeerError) -> Result {
        var reader = CBORReader(bytes)
        var answered: PeerError?
        do throws(CBORError) {
            let count = try reader.array()
            let kind = try reader.text()
            if kind == "ok", count == 2 {
                let value = try result(&reader)
                try reader.finish()
                return value
            }
            guard kind == "error", count == 3 else { throw .unexpected(at: 0) }
            let code = try reader.text()
            let message = try reader.text()
            try reader.finish()
            answered = PeerError(PeerError.Code(answered: code), String(message.string.unicodeScalars.prefix(200)))
        } catch {
            throw PeerError(.badReply, "the peer's reply: \(error)")
        }
        throw answered ?? PeerError(.badReply, "the peer's reply")
    }

    static func readHello(_ reader: inout CBORReader) throws(CBORError) -> Hello { try Hello(from: &reader) }

    static func readHeads(_ reader: inout CBORReader) throws(CBORError) -> (heads: [AuthorHead], more: Bool) {
        guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
        return (try reader.authorHeads(), try reader.bool())
    }

    static func readNews(
        _ reader: inout CBORReader
    ) throws(CBORError) -> (heads: [AuthorHead], cursor: [UInt8], more: Bool) {
        guard try reader.array() == 3 else { throw .unexpected(at: reader.offset) }
        let heads = try reader.authorHeads()
        let cursor = try reader.byteString()
        guard cursor.count <= PeeringLimits.cursorBytes else { throw .unexpected(at: reader.offset) }
        return (heads, cursor, try reader.bool())
    }

    static func readPull(_ reader: inout CBORReader) throws(CBORError) -> (deltas: [[UInt8]], more: Bool) {
        guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
        return (try reader.byteStrings(), try reader.bool())
    }

    static func readPush(_ reader: inout CBORReader) throws(CBORError) -> [PushResult] {
        var results: [PushResult] = []
        for _ in 0..<(try reader.array(atMost: PeeringLimits.deltas)) {
            guard try reader.array() == 3 else { throw .unexpected(at: reader.offset) }
            let id = try reader.readNull() ? nil : DeltaID(try reader.bytes32())
            let decision = try reader.text()
            results.append(
                PushResult(id: id, decision: decision, reason: try reader.readNull() ? nil : try reader.text())
            )
        }
        return results
    }
}
