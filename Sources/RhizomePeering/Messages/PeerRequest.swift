internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedLog

/// What one node asks another: a method and its parameters (spec: peering.md, "Requests").
enum PeerRequest: Sendable {
    case hello(Hello)
    case heads(after: AuthorHead?, limit: Int)
    case news(cursor: [UInt8]?, limit: Int)
    case pull(PullRequest)
    case push([[UInt8]])
    case peers

    /// The name by which the method is asked and counted.
    var method: Text {
        switch self {
        case .hello: "hello"
        case .heads: "heads"
        case .news: "news"
        case .pull: "pull"
        case .push: "push"
        case .peers: "peers"
        }
    }

    /// Reads a request: limits asked for are clamped, parameters beyond the known ones are ignored.
    ///
    /// - Throws: `malformed`, `unknownMethod`, or `limit`.
    init(decoding bytes: [UInt8]) throws(PeerError) {
        var reader = CBORReader(bytes)
        var isUnknown = false
        do throws(CBORError) {
            var parameters = try reader.array() - 1
            guard parameters >= 0 else { throw .unexpected(at: 0) }
            let method = try reader.text()
            func take() throws(CBORError) {
                guard parameters > 0 else { throw .unexpected(at: reader.offset) }
                parameters -= 1
            }
            switch method {
            case "hello":
                try take()
                self = .hello(try Hello(from: &reader))
            case "heads":
                try take()
                let after = try Self.authorHead(&reader)
                try take()
                self = .heads(after: after, limit: Self.clamp(try reader.integer(), to: PeeringLimits.headsPage))
            case "news":
                try take()
                let cursor = try reader.readNull() ? nil : try reader.byteString()
                try take()
                self = .news(cursor: cursor, limit: Self.clamp(try reader.integer(), to: PeeringLimits.headsPage))
            case "pull":
                for _ in 0..<5 { try take() }
                self = .pull(try Self.pull(&reader))
            case "push":
                try take()
                self = .push(try reader.byteStrings())
            case "peers": self = .peers
            default:
                isUnknown = true
                throw .unexpected(at: reader.offset)
            }
            for _ in 0..<parameters { try reader.skip() }
            try reader.finish()
        } catch {
            if isUnknown { throw PeerError(.unknownMethod, "no such method") }
            if error.code == .limit { throw PeerError(.limit, "too many items for this method") }
            throw PeerError(.malformed, error.description)
        }
    }

    private static func clamp(_ limit: Int64, to most: Int) -> Int { Int(min(max(limit, 1), Int64(most))) }

    private static func authorHead(_ reader: inout CBORReader) throws(CBORError) -> AuthorHead? {
        if try reader.readNull() { return nil }
        guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
        return AuthorHead(author: PublicKey(try reader.bytes32()), id: DeltaID(try reader.bytes32()))
    }

    private static func ids(_ reader: inout CBORReader, atMost limit: Int) throws(CBORError) -> [DeltaID] {
        var ids: [DeltaID] = []
        for _ in 0..<(try reader.array(atMost: limit)) { ids.append(DeltaID(try reader.bytes32())) }
        return ids
    }

    private static func pull(_ reader: inout CBORReader) throws(CBORError) -> PullRequest {
        let author = PublicKey(try reader.bytes32())
        let want = try ids(&reader, atMost: PeeringLimits.wantedHeads)
        let have = try ids(&reader, atMost: PeeringLimits.locators)
        var after: (sequence: Int64, id: DeltaID)?
        if try !reader.readNull() {
            guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
            after = (try reader.integer(), DeltaID(try reader.bytes32()))
        }
        let bytes = clamp(try reader.integer(), to: PeeringLimits.pageBytes)
        return PullRequest(author: author, want: want, have: have, after: after, maximumBytes: bytes)
    }

    /// The request's only encoding.
    var encoded: [UInt8] {
        var writer = CBORWriter()
        switch self {
        case .hello(let hello):
            writer.array(2)
            writer.text(method)
            hello.write(to: &writer)
        case .heads(let after, let limit):
            writer.array(3)
            writer.text(method)
            if let after { writer.authorHead(after) } else { writer.null() }
            writer.integer(Int64(limit))
        case .news(let cursor, let limit):
            writer.array(3)
            writer.text(method)
            if let cursor { writer.byteString(cursor) } else { writer.null() }
            writer.integer(Int64(limit))
        case .pull(let request):
            writer.array(6)
            writer.text(method)
            writer.byteString(request.author.bytes)
            for ids in [request.want, request.have] {
                writer.array(ids.count)
                for id in ids { writer.byteString(id.bytes) }
            }
            if let (sequence, id) = request.after {
                writer.array(2)
                writer.integer(sequence)
                writer.byteString(id.bytes)
            } else {
                writer.null()
            }
            writer.integer(Int64(request.maximumBytes))
        case .push(let deltas):
            writer.array(2)
            writer.text(method)
            writer.byteStrings(deltas)
        case .peers:
            writer.array(1)
            writer.text(method)
        }
        return writer.bytes
    }
}

extension CBORWriter {
    /// `[author, head id]`.
    mutating func authorHead(_ head: AuthorHead) {
        array(2)
        byteString(head.author.bytes)
        byteString(head.id.bytes)
    }

    /// `[[author, head id], …]`.
    mutating func authorHeads(_ heads: [AuthorHead]) {
        array(heads.count)
        for head in heads { authorHead(head) }
    }

    /// An array of byte strings.
    mutating func byteStrings(_ strings: [[UInt8]]) {
        array(strings.count)
        for string in strings { byteString(string) }
    }
}

extension CBORReader {
    /// `[[author, head id], …]`.
    mutating func authorHeads(atMost limit: Int = PeeringLimits.headsPage) throws(CBORError) -> [AuthorHead] {
        var heads: [AuthorHead] = []
        for _ in 0..<(try array(atMost: limit)) {
            guard try array() == 2 else { throw .unexpected(at: offset) }
            heads.append(AuthorHead(author: PublicKey(try bytes32()), id: DeltaID(try bytes32())))
        }
        return heads
    }

    /// An array of byte strings.
    mutating func byteStrings() throws(CBORError) -> [[UInt8]] {
        var strings: [[UInt8]] = []
        for _ in 0..<(try array(atMost: PeeringLimits.deltas)) { strings.append(try byteString()) }
        return strings
    }
}
