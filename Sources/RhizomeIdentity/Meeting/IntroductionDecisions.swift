public import Bytes
public import SignedStatements

/// Decides what a node states of those who were introduced to it (spec: meeting.md, "Introductions").
///
/// It goes through one subject after the other, and keeps in mind what it has decided: names, keys, and how much may
/// still be stated by each introducer's word. The journal itself is the memory from day to day.
public struct IntroductionDecisions: Sendable {
    /// How many may be trusted by one introducer's word.
    public static let mostEntries = 256
    /// How many statements an introducer's word may bring about within a day; trust is taken back beyond that too.
    public static let mostStatements = 100
    /// For how long a statement counts.
    public static let day = Duration.seconds(86_400)

    /// The list by which is decided.
    public let list: TrustList
    /// What is to be stated, in this order.
    public private(set) var changes: [TrustChange] = []
    /// The introducers of whom something was left out by the limits.
    public private(set) var heldBack: Set<PublicKey> = []
    /// When the next statement falls out of an introducer's day; `nil` where none was made by anybody's word.
    public let nextRelease: Timestamp?

    private let now: Timestamp
    private var entries: [PublicKey: Int] = [:]
    private var statements: [PublicKey: Int] = [:]
    private var names: Set<String> = []
    private var transportKeys: [Bytes32: PublicKey] = [:]

    /// Decides by a list at a moment.
    ///
    /// - Complexity: O(entries, and statements of the last day).
    public init(_ list: TrustList, at now: Timestamp) {
        self.list = list
        self.now = now
        for entry in list.entries.values where entry.action == .trust {
            if let introducer = entry.introducedBy { entries[introducer, default: 0] += 1 }
        }
        var oldest: Timestamp?
        for statement in list.statements.reversed() {
            guard now - statement.time < Self.day else { break }
            guard let introducer = statement.change.introducedBy else { continue }
            statements[introducer, default: 0] += 1
            oldest = statement.time
        }
        nextRelease = oldest.map { $0 + Self.day }
    }

    /// Whether anything more may be stated by an introducer's word.
    public func hasRoom(for introducer: PublicKey) -> Bool {
        entries[introducer, default: 0] < Self.mostEntries && statements[introducer, default: 0] < Self.mostStatements
    }

    private func introducer(_ peer: PublicKey) -> TrustEntry? {
        list.mayIntroduce(peer, at: now) ? list.entries[peer] : nil
    }

    /// Decides about a key.
    ///
    /// - Parameter introductions: all that are visible of it, of each introducer the last one.
    /// - Returns: what becomes of each of them.
    @discardableResult
    public mutating func decide(
        on subject: PublicKey,
        given introductions: [Introduction]
    ) -> [IntroductionOutcome] {
        guard subject != list.owner else {
            return introductions.map { _ in .unacceptable("that is this identity itself") }
        }
        if let entry = list.entries[subject], entry.introducedBy == nil {
            return introductions.map { _ in .decided(isTrusted: entry.isTrusted(at: now)) }
        }
        let current = list.entries[subject].flatMap { $0.action == .trust ? $0 : nil }
        var outcomes = [IntroductionOutcome](repeating: .proposal, count: introductions.count)
        var followed: PublicKey?
        // Who has introduced it already goes on doing so; else the first one does.
        let order = introductions.indices.sorted { left, right in
            let (left, right) = (introductions[left], introductions[right])
            let isCurrent = (left.introducer == current?.introducedBy, right.introducer == current?.introducedBy)
            if isCurrent.0 != isCurrent.1 { return isCurrent.0 }
            return (left.time, left.delta) < (right.time, right.delta)
        }
        for index in order {
            let introduction = introductions[index]
            guard let introducer = introducer(introduction.introducer) else { continue }
            if let followed {
                outcomes[index] = .introduced(by: followed)
                continue
            }
            outcomes[index] = follow(introduction, by: introducer, of: subject, instead: current)
            let stays = current?.introducedBy == introducer.identity && outcomes[index] == .tooManyStatements
            if stays || outcomes[index] == .due || outcomes[index] == .followed { followed = introducer.identity }
        }
        if followed == nil, let current, let introducer = current.introducedBy {
            statements[introducer, default: 0] += 1
            entries[introducer, default: 0] -= 1
            changes.append(.distrust(subject, reason: "introduction withdrawn", introducedBy: introducer))
        }
        return outcomes
    }

    private mutating func follow(
        _ introduction: Introduction,
        by introducer: TrustEntry,
        of subject: PublicKey,
        instead current: TrustEntry?
    ) -> IntroductionOutcome {
        // Then only what the introducer itself may has changed, which a person has stated.
        let isSame = current?.introduction == introduction.delta
        let name = isSame ? current?.name : nil
        let change = TrustChange.trust(
            subject,
            name: name
                ?? list.freeName(
                    like: introduction.petname ?? subject.short,
                    of: subject,
                    besides: names,
                    at: now
                ),
            addresses: introduction.addresses,
            may: introduction.may.intersection(introducer.may),
            until: introducer.until,
            introducedBy: introducer.identity,
            introduction: introduction.delta
        )
        guard change != current?.change else { return .followed }
        if !isSame, let limit = limit(of: introducer.identity, instead: current?.introducedBy) {
            heldBack.insert(introducer.identity)
            return limit
        }
        do throws(IdentityError) {
            try check(change)
        } catch {
            return .unacceptable(error.message)
        }
        count(introducer.identity, instead: current?.introducedBy)
        if let name = change.name { names.insert(name) }
        changes.append(change)
        return .due
    }

    /// By which limit nothing more may be stated by an introducer's word.
    private func limit(of introducer: PublicKey, instead former: PublicKey?) -> IntroductionOutcome? {
        if statements[introducer, default: 0] >= Self.mostStatements { return .tooManyStatements }
        guard introducer != former else { return nil }
        return entries[introducer, default: 0] >= Self.mostEntries ? .tooManyEntries : nil
    }

    private mutating func check(_ change: TrustChange) throws(IdentityError) {
        try list.check(change, at: now)
        guard let key = change.identity.transportKey else { return }
        if let other = transportKeys[key], other != change.identity {
            throw IdentityError(
                .sharedTransportKey,
                "\(change.identity.did) is the mirror image of \(other.did), who was introduced as well"
            )
        }
        transportKeys[key] = change.identity
    }

    private mutating func count(_ introducer: PublicKey, instead former: PublicKey?) {
        statements[introducer, default: 0] += 1
        guard introducer != former else { return }
        entries[introducer, default: 0] += 1
        if let former { entries[former, default: 0] -= 1 }
    }
}
