public import Bytes
internal import DeterministicCBOR
public import RhizomeCore
public import RhizomeViews
public import SignedStatements
internal import StrictJSON

/// Makes proofs of what a log shows (spec: proof.md).
///
///     let maker = ProofMaker(log: log, perspective: perspective, trusted: nil, maker: identity)
///     let bytes = try await maker.prove("u1", in: "user", ["age"], made: now).encoded()
public struct ProofMaker: Sendable {
    /// What a proof is to hold besides what the value rests on.
    public struct Extent: Sendable {
        /// How many words at most that the values won over, of each property, the newest.
        public var over = 1_000
        /// Whether nothing is to be claimed beyond the newest deltas that are used, so that fewer headers are needed.
        public var isShort = false
        /// Whether all of the authors' logs is to be in it, up to their heads: then nothing of theirs can be left out.
        public var isComplete = false

        /// What most proofs hold.
        public init() {}
    }

    /// Headers from a head to what is used, at most: beyond them nothing is claimed of what is newer.
    private static let mostHeaders = 10_000
    /// Deltas of a proof at most: none is smaller than 200 bytes.
    private static let mostDeltas = Proof.maximumBytes / 200
    /// Bytes of an author's log that are read at once.
    private static let pageBytes = 1 << 20
    /// Heads of an author's log at most: as many as one pull takes.
    private static let mostHeads = 64
    /// To check a delta or header again takes about as long.
    private static let checkMicroseconds = 10
    /// Bytes of a header in a proof, about.
    private static let headerBytes = 200

    /// A complete proof is begun again where the log has grown meanwhile.
    private static let attempts = 5

    private let log: any DeltaLog
    private let perspective: Perspective
    private let trusted: [PublicKey]?
    private let maker: PublicKey?

    /// A maker.
    ///
    /// - Parameters:
    ///   - trusted: whose deltas could take part at all, where the perspective looks at all authors: those whom the maker
    ///     trusts, or of whom something is kept; everybody's where `nil`.
    ///   - maker: who says to have made the proof; a remark.
    public init(
        log: any DeltaLog,
        perspective: Perspective,
        trusted: [PublicKey]?,
        maker: PublicKey?
    ) {
        self.log = log
        self.perspective = perspective
        self.trusted = trusted?.sorted()
        self.maker = maker
    }

    /// A proof of an entity's values.
    ///
    /// It has been checked, but for the signatures, which were when the deltas came in.
    ///
    /// - Parameters:
    ///   - names: of the properties; all that have a value where `nil`.
    ///   - made: when, by the maker's clock; a remark.
    /// - Returns: `nil` where nothing was said of the entity.
    /// - Throws: ``ProofError``: `unprovable` where a property has no value, or the perspective holds what only the maker
    ///   knows, `size` where it would be too large; what the log throws.
    /// - Complexity: O(what it holds); of each author, O(what it wrote since the oldest delta that is used).
    public func prove(
        _ entity: Text,
        in collection: Text?,
        _ names: Set<Text>? = nil,
        extent: Extent = Extent(),
        made: Timestamp
    ) async throws -> Proof? {
        for _ in 1..<Self.attempts {
            let count = try await log.count()
            do {
                return try await attempt(entity, in: collection, names, extent, made: made)
            } catch let error as ProofError where error.code == .value && extent.isComplete {
                // What came meanwhile is in the logs, and wasn't in the value.
                if try await log.count() == count { throw error }
            }
        }
        return try await attempt(entity, in: collection, names, extent, made: made)
    }

    private func attempt(
        _ entity: Text,
        in collection: Text?,
        _ names: Set<Text>?,
        _ extent: Extent,
        made: Timestamp
    ) async throws -> Proof? {
        let reader = EntityReader(log: log, perspective: perspective)
        let found: EntityEvidence?
        do {
            found = try await reader.evidence(
                of: entity,
                in: collection,
                on: names,
                limit: extent.over,
                atMost: Self.mostDeltas
            )
        } catch is EvidenceOverflow {
            throw ProofError.tooLarge
        }
        guard let found else { return nil }
        let properties = try properties(of: found.blame, names)
        let parts = try await parts(of: found.deltas, extent)
        let claim = ProofClaim(
            entity: entity,
            collection: collection,
            properties: properties,
            perspective: try claimed(forked: found.forked),
            isComplete: extent.isComplete,
            heads: parts.heads.sorted { $0.author < $1.author },
            made: made,
            maker: maker
        )
        let cost = Self.checkMicroseconds * (parts.deltas.count + parts.headers.count)
        return try await LongComputing.shared.run(cost: cost) {
            let proof = Proof(claim: claim, deltas: parts.deltas, headers: parts.headers)
            // Whoever gets it will look: it mustn't leave this house if it doesn't hold.
            let evidence = try Evidence(proof)
            if extent.isComplete { try evidence.checkCompleteness() }
            try evidence.checkValues()
            return proof
        }
    }

    private func properties(of blame: EntityBlame, _ names: Set<Text>?) throws(ProofError) -> [ProofClaim.Property] {
        var properties: [ProofClaim.Property] = []
        for property in blame.properties {
            guard let value = property.value else { continue }
            let resolver = Text(property.resolver.rawValue)
            properties.append(ProofClaim.Property(name: property.name, value: value, resolver: resolver))
        }
        if let missing = names?.subtracting(properties.map(\.name)).min() {
            throw ProofError(.unprovable, "\(missing) has no value, as it is looked at; blame says why")
        }
        return properties
    }

    /// The perspective as it is told to others.
    private func claimed(forked: [PublicKey]) throws(ProofError) -> ProofPerspective {
        ProofPerspective(
            asOf: perspective.asOf,
            authors: perspective.authors.map { authors in
                // Those who are ranked, in their order, and then those who aren't.
                let ranked = perspective.ranking.filter { authors.contains($0) }
                return ranked + authors.subtracting(ranked).sorted()
            },
            moderators: perspective.moderators.sorted(),
            without: perspective.without.union(forked).sorted(),
            filters: perspective.filters.map { Text($0.rule.json.description) },
            kept: perspective.kept.map { ProofPerspective.Kept(author: $0, ids: $1.sorted()) }
                .sorted { $0.author < $1.author },
            trusted: trusted
        )
    }

    // MARK: - Links

    private struct Parts: Sendable {
        var deltas: [SignedDelta] = []
        var headers: [SignedHeader] = []
        var heads: [ProofClaim.Heads] = []
    }

    private func parts(of ids: [DeltaID], _ extent: Extent) async throws -> Parts {
        let used = Dictionary(grouping: try await log.deltas(ids).map(\.delta), by: \.author)
        var parts = Parts()
        for (author, deltas) in used {
            if extent.isComplete {
                let heads = try await log.heads(of: author).map(\.id)
                guard let all = try await log(of: author, downFrom: heads, to: 0, atMost: .max) else { continue }
                parts.deltas += all
                parts.heads.append(ProofClaim.Heads(author: author, ids: heads.sorted()))
            } else {
                let links = try await links(of: author, to: deltas, extent)
                parts.deltas += deltas
                parts.headers += links.headers
                parts.heads.append(ProofClaim.Heads(author: author, ids: links.heads.sorted()))
            }
            let bytes = parts.deltas.reduce(0) { $0 + $1.bytes.count } + Self.headerBytes * parts.headers.count
            guard bytes <= Proof.maximumBytes else { throw ProofError.tooLarge }
        }
        return parts
    }

    /// Headers that link an author's deltas to heads of its log, and those heads.
    ///
    /// - Returns: where the log goes on for too long after them, links to the newest of them alone; where that is too far
    ///   as well, none, and each stands for itself.
    private func links(of author: PublicKey, to deltas: [SignedDelta], _ extent: Extent) async throws -> LogLinks {
        let oldest = deltas.map(\.header.sequence).min() ?? 0
        let newest = deltas.max { ($0.header.sequence, $0.id) < ($1.header.sequence, $1.id) }
        var ends: [[DeltaID]] = newest.map { [[$0.id]] } ?? []
        if !extent.isShort { ends.insert(try await log.heads(of: author).map(\.id), at: 0) }
        let most = Self.mostHeaders + deltas.count
        for heads in ends {
            guard let between = try await log(of: author, downFrom: heads, to: oldest, atMost: most) else {
                continue
            }
            return LogLinks(from: heads, to: deltas, among: between.map { SignedHeader($0) })
        }
        return LogLinks(from: [], to: deltas, among: [])
    }

    /// An author's log down from some deltas to a sequence; `nil` where that are more than `most`.
    private func log(
        of author: PublicKey,
        downFrom heads: [DeltaID],
        to sequence: Int64,
        atMost most: Int
    ) async throws -> [SignedDelta]? {
        guard heads.count <= Self.mostHeads else {
            guard most == .max else { return nil }
            throw ProofError(.unprovable, "a log with more than \(Self.mostHeads) heads can't be proved completely")
        }
        var deltas: [SignedDelta] = []
        var bytes = 0
        var after: (sequence: Int64, id: DeltaID)? = sequence == 0 ? nil : (sequence - 1, DeltaID(.last))
        while true {
            let page = try await log.pull(
                PullRequest(author: author, want: heads, have: [], after: after, maximumBytes: Self.pageBytes)
            )
            for wire in page.deltas {
                bytes += wire.count
                deltas.append(try SignedDelta(decoding: wire))
            }
            guard deltas.count <= most else { return nil }
            guard page.hasMore, let last = page.last else { return deltas }
            // What lies between is read whole, and only its headers go into the proof.
            guard bytes <= Proof.maximumBytes else {
                guard most == .max else { return nil }
                throw ProofError.tooLarge
            }
            after = last
        }
    }
}

extension ProofError {
    fileprivate static let tooLarge = ProofError(
        .size,
        "the proof would have more than \(Proof.maximumBytes >> 20) MiB: ask for fewer properties, or for less besides"
    )
}

extension Bytes32 {
    /// The last of all in the order of bytes.
    fileprivate static let last = Bytes32(repeating: 0xff)
}
