internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedStatements

extension Proof {
    private static let form: Text = "rhizome-proof"
    private static let version: Int64 = 1
    private static let all: Text = "all"
    /// Step 5's word on authors with several heads: those whom it leaves out are named by ``ProofPerspective/without``.
    private static let forked: Text = "allow"

    // MARK: - Decoding

    /// Decodes a proof, and holds it to the one form that it may have.
    ///
    /// - Throws: `size` before anything is decoded, `form`.
    /// - Complexity: O(*n*) in the bytes; a SHA-256 over each header.
    public init(decoding bytes: [UInt8]) throws(ProofError) {
        guard bytes.count <= Self.maximumBytes else {
            throw ProofError(.size, "\(bytes.count) bytes; a proof has at most \(Self.maximumBytes)")
        }
        var reader = CBORReader(bytes)
        let claim: ProofClaim
        var deltas: [SignedDelta] = []
        var headers: [SignedHeader] = []
        var part = "proof"
        do {
            guard try reader.array() == 4, try reader.text() == Self.form, try reader.integer() == Self.version else {
                throw ProofError(.form, "this isn't a proof of version \(Self.version)")
            }
            part = "claim"
            claim = try Self.claim(from: &reader, bytes)
            part = "evidence"
            try reader.members(2)
            try reader.member(1)
            for _ in 0..<(try reader.array()) {
                let start = reader.offset
                try reader.skipDelta()
                let delta = try SignedDelta(decoding: Array(bytes[start..<reader.offset]))
                if let last = deltas.last, last.id >= delta.id {
                    throw ProofError(.form, "the deltas aren't sorted by their ids, each once")
                }
                deltas.append(delta)
            }
            try reader.member(2)
            for _ in 0..<(try reader.array()) {
                let start = reader.offset
                try reader.skipHeader()
                let header = try SignedHeader(decoding: Array(bytes[start..<reader.offset]))
                if let last = headers.last, last.place >= header.place {
                    throw ProofError(.form, "the headers aren't sorted by author, sequence and id, each once")
                }
                headers.append(header)
            }
            try reader.finish()
        } catch let error as CBORError {
            throw ProofError(in: part, error)
        } catch let error as DeltaRefusal {
            throw ProofError(in: part, error)
        } catch {
            throw error as? ProofError ?? ProofError(.form, "\(part): \(error)")
        }
        self.init(decoded: claim, deltas, headers)
    }

    private static func claim(from reader: inout CBORReader, _ bytes: [UInt8]) throws -> ProofClaim {
        try reader.members(8)
        try reader.member(1)
        let entity = try reader.name()
        try reader.member(2)
        let collection = try reader.readNull() ? nil : reader.name()
        try reader.member(3)
        var properties: [ProofClaim.Property] = []
        for _ in 0..<(try reader.array()) {
            guard try reader.array() == 3 else { throw CBORError.unexpected(at: reader.offset) }
            let name = try reader.name()
            if let last = properties.last, last.name >= name {
                throw ProofError(.form, "the properties aren't sorted by their names, each once")
            }
            // Kept as it is: a value is compared, and a small encoding can make a large value.
            let start = reader.offset
            try reader.skip()
            let value = Array(bytes[start..<reader.offset])
            properties.append(ProofClaim.Property(name: name, value: value, resolver: try reader.text()))
        }
        try reader.member(4)
        let perspective = try Self.perspective(from: &reader)
        try reader.member(5)
        let isComplete = try reader.bool()
        try reader.member(6)
        let heads = try reader.authorsWithIDs().map { ProofClaim.Heads(author: $0, ids: $1) }
        try reader.member(7)
        let made = try reader.time()
        try reader.member(8)
        let maker = try reader.readNull() ? nil : PublicKey(reader.bytes32())
        return ProofClaim(
            entity: entity,
            collection: collection,
            properties: properties,
            perspective: perspective,
            isComplete: isComplete,
            heads: heads,
            made: made,
            maker: maker
        )
    }

    private static func perspective(from reader: inout CBORReader) throws -> ProofPerspective {
        try reader.members(8)
        try reader.member(1)
        let asOf = try reader.readNull() ? nil : reader.time()
        try reader.member(2)
        var authors: [PublicKey]?
        if try reader.kind() == .text {
            guard try reader.text() == all else { throw CBORError.unexpected(at: reader.offset) }
        } else {
            authors = try reader.keys()
        }
        try reader.member(3)
        let moderators = try reader.keys()
        try reader.member(4)
        let without = try reader.keys()
        try reader.member(5)
        var filters: [Text] = []
        for _ in 0..<(try reader.array()) { filters.append(try reader.text()) }
        try reader.member(6)
        guard try reader.text() == forked else { throw CBORError.unexpected(at: reader.offset) }
        try reader.member(7)
        let kept = try reader.authorsWithIDs().map { ProofPerspective.Kept(author: $0, ids: $1) }
        try reader.member(8)
        let trusted = try reader.readNull() ? nil : reader.keys()
        return ProofPerspective(
            asOf: asOf,
            authors: authors,
            moderators: moderators,
            without: without,
            filters: filters,
            kept: kept,
            trusted: trusted
        )
    }

    // MARK: - Encoding

    /// The only encoding.
    ///
    /// - Throws: `size` where a verifier would refuse it.
    public func encoded() throws(ProofError) -> [UInt8] {
        var writer = CBORWriter(capacity: 4_096 + deltas.reduce(0) { $0 + $1.bytes.count } + 256 * headers.count)
        writer.array(4)
        writer.text(Self.form)
        writer.integer(Self.version)
        write(claim, to: &writer)
        writer.map(2)
        writer.integer(1)
        writer.array(deltas.count)
        for delta in deltas { writer.raw(delta.bytes) }
        writer.integer(2)
        writer.array(headers.count)
        for header in headers { header.statement.write(to: &writer) }
        guard writer.bytes.count <= Self.maximumBytes else {
            throw ProofError(
                .size,
                """
                the proof would have \(writer.bytes.count) bytes, and a verifier refuses more than \
                \(Self.maximumBytes): ask for fewer properties, or for less of what they won over
                """
            )
        }
        return writer.bytes
    }

    private func write(_ claim: ProofClaim, to writer: inout CBORWriter) {
        writer.map(8)
        writer.integer(1)
        writer.text(claim.entity)
        writer.integer(2)
        if let collection = claim.collection { writer.text(collection) } else { writer.null() }
        writer.integer(3)
        writer.array(claim.properties.count)
        for property in claim.properties {
            writer.array(3)
            writer.text(property.name)
            writer.raw(property.value)
            writer.text(property.resolver)
        }
        writer.integer(4)
        write(claim.perspective, to: &writer)
        writer.integer(5)
        writer.bool(claim.isComplete)
        writer.integer(6)
        writer.authorsWithIDs(claim.heads.map { ($0.author, $0.ids) })
        writer.integer(7)
        writer.integer(claim.made.microseconds)
        writer.integer(8)
        if let maker = claim.maker { writer.byteString(maker.bytes) } else { writer.null() }
    }

    private func write(_ perspective: ProofPerspective, to writer: inout CBORWriter) {
        writer.map(8)
        writer.integer(1)
        if let asOf = perspective.asOf { writer.integer(asOf.microseconds) } else { writer.null() }
        writer.integer(2)
        if let authors = perspective.authors { writer.keys(authors) } else { writer.text(Self.all) }
        writer.integer(3)
        writer.keys(perspective.moderators)
        writer.integer(4)
        writer.keys(perspective.without)
        writer.integer(5)
        writer.array(perspective.filters.count)
        for filter in perspective.filters { writer.text(filter) }
        writer.integer(6)
        writer.text(Self.forked)
        writer.integer(7)
        writer.authorsWithIDs(perspective.kept.map { ($0.author, $0.ids) })
        writer.integer(8)
        if let trusted = perspective.trusted { writer.keys(trusted) } else { writer.null() }
    }
}

extension CBORReader {
    /// The head of a map of exactly so many members.
    fileprivate mutating func members(_ count: Int) throws(CBORError) {
        guard try map() == count else { throw .unexpected(at: offset) }
    }

    /// The key of a map's next member.
    fileprivate mutating func member(_ key: Int64) throws(CBORError) {
        guard try integer() == key else { throw .unexpected(at: offset) }
    }

    /// The id of an entity, or the name of a collection or property.
    fileprivate mutating func name() throws(CBORError) -> Text {
        let start = offset
        let name = try text()
        guard (1...DeltaLimits.nameBytes).contains(name.count) else { throw .unexpected(at: start) }
        return name
    }

    /// µs since 1970.
    fileprivate mutating func time() throws(CBORError) -> Timestamp {
        let start = offset
        let time = try integer()
        guard time >= 0 else { throw .unexpected(at: start) }
        return Timestamp(microseconds: time)
    }

    fileprivate mutating func keys() throws(CBORError) -> [PublicKey] {
        var keys: [PublicKey] = []
        for _ in 0..<(try array()) { keys.append(PublicKey(try bytes32())) }
        return keys
    }

    /// Authors, each once, with ids.
    fileprivate mutating func authorsWithIDs() throws(CBORError) -> [(PublicKey, [DeltaID])] {
        var authors: [(PublicKey, [DeltaID])] = []
        var seen: Set<PublicKey> = []
        for _ in 0..<(try array()) {
            let start = offset
            guard try array() == 2 else { throw .unexpected(at: start) }
            let author = PublicKey(try bytes32())
            guard seen.insert(author).inserted else { throw .unexpected(at: start) }
            var ids: [DeltaID] = []
            for _ in 0..<(try array()) { ids.append(DeltaID(try bytes32())) }
            authors.append((author, ids))
        }
        return authors
    }

    /// Passes over a signed delta, whose inside is read apart.
    fileprivate mutating func skipDelta() throws(CBORError) {
        guard try array() == 2 else { throw .unexpected(at: offset) }
        try skipHeader()
        try skip()
    }

    /// Passes over a COSE_Sign1.
    fileprivate mutating func skipHeader() throws(CBORError) {
        _ = try tag()
        try skip()
    }
}

extension CBORWriter {
    fileprivate mutating func keys(_ keys: [PublicKey]) {
        array(keys.count)
        for key in keys { byteString(key.bytes) }
    }

    fileprivate mutating func authorsWithIDs(_ authors: [(PublicKey, [DeltaID])]) {
        array(authors.count)
        for (author, ids) in authors {
            array(2)
            byteString(author.bytes)
            array(ids.count)
            for id in ids { byteString(id.bytes) }
        }
    }
}
