public import Bytes
public import RhizomeCore
public import RhizomeIdentity
public import SignedStatements

/// The introductions that stand in a log, as a node's owner sees them (spec: meeting.md, "Introductions").
///
/// Of a key each introducer's last one counts that isn't negated and that trust doesn't keep out. All are looked up by
/// the names that such deltas have: what else the log holds costs nothing.
public struct Introductions: Sendable {
    private let log: any StateReading
    private let perspective: Perspective

    /// The introductions of a log.
    ///
    /// - Parameter exclusion: what trust keeps out.
    public init(log: any StateReading, without exclusion: Exclusion) {
        self.log = log
        perspective = Perspective(without: exclusion)
    }

    /// What is said of some keys, by whom it was said first.
    ///
    /// - Throws: `CancellationError`, and what the log throws.
    /// - Complexity: O(subjects, and authors who introduce them); of each author what was negated since its last word.
    @concurrent public func introductions(of subjects: [Text]) async throws -> [Text: [Introduction]] {
        try await log.look(from: perspective) { lookup in
            var found: [Text: [Introduction]] = [:]
            for subject in subjects {
                let introductions = try lookup.introductions(of: subject)
                if !introductions.isEmpty { found[subject] = introductions }
            }
            return found
        }
    }

    /// Those whom anybody introduces, or one author does, ordered by their bytes: whether or not that is still visible.
    ///
    /// - Parameters:
    ///   - author: nobody else's words matter; everybody's do where `nil`.
    ///   - last: only those after this one.
    ///   - limit: how many at most; there are no more where there are fewer.
    /// - Complexity: O(those that are given, and authors who introduce anybody).
    @concurrent public func subjects(
        introducedBy author: PublicKey? = nil,
        after last: Text? = nil,
        limit: Int
    ) async throws -> [Text] {
        var perspective = perspective
        if let author { perspective.authors = [author] }
        return try await log.look(from: perspective) { lookup in
            try lookup.entities(referredToBy: ControlName.introduces, after: last, limit: limit)
        }
    }

    /// Those whom deltas introduce that others negate, directly or by negating what negates them.
    ///
    /// - Parameter ids: what was negated.
    /// - Returns: `nil` where that goes on and on.
    @concurrent public func subjects(ofNegated ids: Set<DeltaID>) async throws -> Set<Text>? {
        try await log.look(from: perspective) { lookup in
            var subjects: Set<Text> = []
            var open = ids
            var seen = ids
            while let id = open.popFirst() {
                guard let delta = try lookup.delta(id) else { continue }
                subjects.formUnion(delta.pointers.introduced)
                for target in delta.negates where seen.insert(target).inserted { open.insert(target) }
                guard seen.count <= Self.mostNegated else { return nil }
            }
            return subjects
        }
    }

    /// The deltas by which an author introduces a key that are in force, the newest first; as many as one delta can negate.
    @concurrent public func deltas(introducing subject: Text, by author: PublicKey) async throws -> [ViewedDelta] {
        try await log.look(from: perspective) { lookup in
            guard try lookup.isShown(author) else { return [] }
            var found: [ViewedDelta] = []
            for end in try lookup.streams(
                of: subject,
                by: author,
                ControlName.introduces,
                on: ControlName.introducedBy
            ) {
                try lookup.forEachDelta(ofReversed: end) { delta, _ in
                    guard found.count < DeltaLimits.pointers, delta.pointers.introduces(subject),
                        try lookup.isInForce(delta)
                    else { return }
                    found.append(delta)
                    try lookup.memory.add(delta.approximateBytes)
                }
            }
            return found.sorted { $0.moment > $1.moment }
        }
    }

    /// How many negated deltas are followed at once.
    private static let mostNegated = 1_024
}

extension EntityLookup {
    /// Each author's last introduction of a key that is in force, ordered by time.
    fileprivate func introductions(of subject: Text) throws -> [Introduction] {
        let localClass = WordRole.localClass(of: ControlName.introduces)
        let ends = try streams(of: subject, on: [ControlName.introducedBy])
            .filter { $0.stream.role.localClass == localClass }
        return try Dictionary(grouping: ends, by: \.stream.author).values
            .compactMap { ends in
                try last(of: ends) { try $0.pointers.introduces(subject) && isInForce($0) }
            }
            .sorted { $0.moment < $1.moment }
            .map { Introduction($0, of: subject) }
    }
}

extension Introduction {
    fileprivate init(_ delta: ViewedDelta, of subject: Text) {
        func texts(_ localContext: Text) -> [Text] {
            delta.pointers.compactMap { pointer in
                guard pointer.localContext == localContext, case .text(let text) = pointer.value else { return nil }
                return text
            }
        }
        self.init(
            delta: delta.id.bytes,
            introducer: delta.author,
            time: delta.timeCreated,
            subject: subject,
            name: texts("name").first,
            addresses: texts("address"),
            may: texts("may")
        )
    }
}
