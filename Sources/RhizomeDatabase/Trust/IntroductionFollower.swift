internal import Bytes
internal import Dispatch
internal import Logging
internal import RhizomeCore
internal import RhizomeIdentity
internal import RhizomeViews
internal import SignedStatements

/// Has those trusted whom peers introduce that may do that, and no more once that is taken back (spec: meeting.md,
/// "Introductions").
///
/// Looks at what has changed alone: keys that were introduced, or of whom that was negated; all of an introducer where
/// something was stated of it, at the start, and where the limits left something out.
struct IntroductionFollower: Sendable {
    let news: IntroductionNews
    let log: any StateReading
    let exclusion: @Sendable () async throws -> Exclusion
    let trust: TrustInForce
    let writer: TrustWriter
    let clock: NodeClock
    let logger: Logger

    /// How many keys are looked at together.
    private static let batch = 64
    /// How soon it is tried again where the log can't be read, or the journal not be written.
    private static let pause = Duration.seconds(2)
    /// How long it is waited at most where the limits left something out.
    private static let longestWait = Duration.seconds(3_600)

    private let queue = DispatchQueue(label: "rhizome.introductions")

    init(
        news: IntroductionNews,
        log: any StateReading,
        exclusion: @escaping @Sendable () async throws -> Exclusion,
        trust: TrustInForce,
        writer: TrustWriter,
        clock: NodeClock,
        logger: Logger
    ) {
        self.news = news
        self.log = log
        self.exclusion = exclusion
        self.trust = trust
        self.writer = writer
        self.clock = clock
        self.logger = logger
    }

    /// What was decided on by one look at the log.
    private struct Pass {
        var decisions: IntroductionDecisions
        /// The keys about whom something is to be stated, with all that is said of them.
        var subjects: [(key: PublicKey, introductions: [Introduction])] = []
        var seen: Set<Text> = []
        /// Introductions that can't be followed.
        var refused = 0
        /// Introducers of whom not all was looked at, since nothing more may be stated by their word.
        var heldBack: Set<PublicKey> = []

        mutating func decide(on subject: Text, given introductions: [Introduction]) {
            guard seen.insert(subject).inserted else { return }
            guard let key = PublicKey(did: subject.string) else {
                refused += introductions.count
                return
            }
            let before = decisions.changes.count
            for outcome in decisions.decide(on: key, given: introductions) {
                if case .unacceptable = outcome { refused += 1 }
            }
            if decisions.changes.count > before { subjects.append((key, introductions)) }
        }
    }

    /// Runs until the task is cancelled.
    @concurrent
    func run() async {
        let list = trust.list
        let introducers = list.introducers(at: clock.now)
        news.note(introducers: introducers, changed: introducers.union(list.entries.values.compactMap(\.introducedBy)))
        var heldBack: Set<PublicKey> = []
        var release: Timestamp?
        var reports = Hourly()
        var failures = Hourly()
        while true {
            let wait = heldBack.isEmpty ? nil : release.map { min(max($0 - clock.now, Self.pause), Self.longestWait) }
            guard let content = await news.take(within: wait, by: clock) else { return }
            guard !content.isEmpty || !heldBack.isEmpty else { continue }
            do {
                let pass = try await look(at: content, more: heldBack)
                if !pass.subjects.isEmpty { try await state(pass.subjects) }
                heldBack = pass.heldBack.union(pass.decisions.heldBack)
                release = pass.decisions.nextRelease
                if pass.refused > 0 || !heldBack.isEmpty, reports.isDue(now: clock.uptime) {
                    logger.notice(
                        "introductions were turned down, or go beyond the limits; see: rhizome-keys list --introduced",
                        metadata: [
                            "refused": "\(pass.refused)",
                            "limited": "\(heldBack.map(\.did).sorted().joined(separator: " "))",
                        ]
                    )
                }
            } catch {
                if Task.isCancelled { return }
                if failures.isDue(now: clock.uptime) {
                    logger.error(
                        "introductions can't be followed now; it is tried again",
                        metadata: ["error": "\(error)"]
                    )
                }
                try? await clock.sleep(for: Self.pause)
                news.again(content)
            }
        }
    }

    /// Looks up what is to be looked at, and decides by the list in force.
    ///
    /// - Parameter heldBack: introducers of whom something was left out.
    private func look(at content: IntroductionNews.Content, more heldBack: Set<PublicKey>) async throws -> Pass {
        let introductions = Introductions(log: log, without: try await exclusion())
        let list = trust.list
        var pass = Pass(decisions: IntroductionDecisions(list, at: clock.now))
        var introducers = content.introducers
        var subjects = content.subjects
        if !content.negated.isEmpty {
            if let touched = try await introductions.subjects(ofNegated: content.negated) {
                subjects.formUnion(touched)
            } else {
                introducers.formUnion(list.introducers(at: clock.now))
            }
        }
        if !introducers.isEmpty {
            // What ended comes first: it makes room.
            for entry in list.entries.values where entry.action == .trust {
                guard let introducer = entry.introducedBy, introducers.contains(introducer) else { continue }
                subjects.insert(Text(entry.identity.did))
            }
        }
        try await decide(on: subjects.sorted(), in: introductions, &pass)
        for introducer in introducers.union(heldBack).sorted() where list.mayIntroduce(introducer, at: clock.now) {
            try await goThrough(introducer, in: introductions, &pass)
        }
        return pass
    }

    private func decide(on subjects: [Text], in introductions: Introductions, _ pass: inout Pass) async throws {
        for batch in subjects.chunks(of: Self.batch) {
            let found = try await introductions.introductions(of: batch)
            for subject in batch { pass.decide(on: subject, given: found[subject] ?? []) }
        }
    }

    /// Looks at all whom a peer introduces and who aren't in the list by a person's word, as long as it has room.
    private func goThrough(
        _ introducer: PublicKey,
        in introductions: Introductions,
        _ pass: inout Pass
    ) async throws {
        var last: Text?
        while true {
            guard pass.decisions.hasRoom(for: introducer) else {
                pass.heldBack.insert(introducer)
                return
            }
            let page = try await introductions.subjects(introducedBy: introducer, after: last, limit: Self.batch)
            let open = page.filter { subject in
                guard !pass.seen.contains(subject), let key = PublicKey(did: subject.string) else { return false }
                return pass.decisions.list.entries[key].map { $0.introducedBy != nil && $0.action == .distrust } ?? true
            }
            try await decide(on: open, in: introductions, &pass)
            guard page.count == Self.batch, let next = page.last else { return }
            last = next
        }
    }

    /// Decides again by the list as it is under the lock, and states that.
    private func state(_ subjects: [(key: PublicKey, introductions: [Introduction])]) async throws {
        let now = clock.now
        let changes = try await queue.run { [writer] in
            var changes: [TrustChange] = []
            try writer.append { list in
                var decisions = IntroductionDecisions(list, at: now)
                for (key, introductions) in subjects { decisions.decide(on: key, given: introductions) }
                changes = decisions.changes
                return changes
            }
            return changes
        }
        for change in changes {
            logger.notice(
                change.action == .trust
                    ? "a peer is trusted by an introduction" : "a peer is trusted no more: its introduction has ended",
                metadata: [
                    "peer": "\(change.identity.did)", "name": "\(trust.list.lastName(of: change.identity) ?? "")",
                    "introducer": "\(change.introducedBy?.did ?? "")",
                ]
            )
        }
    }
}

extension TrustList {
    /// Who may introduce others.
    fileprivate func introducers(at now: Timestamp) -> Set<PublicKey> {
        Set(entries.keys.filter { mayIntroduce($0, at: now) })
    }
}
