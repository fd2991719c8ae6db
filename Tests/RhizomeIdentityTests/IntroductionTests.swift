import Bytes
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeIdentity

/// What a receiver states of those whom others introduce (spec: meeting.md, "Introductions").
@Suite struct IntroductionTests {
    private let now: Timestamp = 1_800_000_000_000_000
    private let owner: Identity
    private let bob: PublicKey
    private let carol: PublicKey
    private let dave: PublicKey

    init() throws {
        owner = try Identity.generate()
        (bob, carol, dave) = try (Self.key(), Self.key(), Self.key())
    }

    private static func key() throws -> PublicKey { try Identity.generate().publicKey }

    /// A list in which bob and dave may introduce others.
    private func list(_ changes: TrustChange...) throws -> TrustList {
        let introducers = [
            TrustChange.trust(bob, name: "bob", may: [.author, .connect, .introduce]),
            TrustChange.trust(dave, name: "dave", may: [.author, .introduce], until: now + .seconds(1_000)),
        ]
        return try TrustList(introducers + changes, signedBy: owner, now: now - .seconds(10))
    }

    private func introduction(
        of subject: PublicKey,
        by introducer: PublicKey,
        number: UInt8 = 1,
        name: Text? = "carol",
        addresses: [Text] = [],
        may: [Text] = ["author", "connect"]
    ) -> Introduction {
        Introduction(
            delta: Bytes32(repeating: number),
            introducer: introducer,
            time: now + Int64(number),
            subject: Text(subject.did),
            name: name,
            addresses: addresses,
            may: may
        )
    }

    /// What is decided about one key, stated at once.
    private func outcomes(
        of introductions: [Introduction],
        about subject: PublicKey? = nil,
        in list: inout TrustList,
        at time: Timestamp? = nil
    ) throws -> [IntroductionOutcome] {
        var decisions = IntroductionDecisions(list, at: time ?? now)
        let outcomes = decisions.decide(on: subject ?? carol, given: introductions)
        for change in decisions.changes { try list.apply(change, signedBy: owner, now: time ?? now) }
        return outcomes
    }

    @Test("who is introduced by a peer with that right is trusted: by name, addresses, at most what the introducer may")
    func followed() throws {
        var list = try list()
        let said = introduction(
            of: carol,
            by: dave,
            addresses: ["carol.example:4000", "no address"],
            may: ["author", "connect", "introduce"]
        )
        #expect(try outcomes(of: [said], in: &list) == [.due])
        let entry = try #require(list.entries[carol])
        #expect(entry.name == "carol")
        #expect(entry.addresses.map(\.description) == ["carol.example:4000"])
        #expect(entry.may == [.author], "dave may not connect, and nobody gets the right to introduce")
        #expect(entry.until == now + .seconds(1_000), "no longer than the introducer")
        #expect(entry.introducedBy == dave)
        #expect(entry.introduction == said.delta)
        #expect(try outcomes(of: [said], in: &list) == [.followed])
        #expect(list.count == 3, "nothing is stated twice")

        let bytes = list.statements.flatMap(\.signed.encoded)
        let loaded = try TrustJournal.parse(bytes, owner: owner.publicKey)
        #expect(loaded.list.entries[carol] == entry, "the journal says the same")
        #expect(loaded.tornAt == nil)
    }

    @Test("eight addresses count, and where nothing is said of what it may, it is what a statement has by default")
    func suggestions() throws {
        let said = introduction(of: carol, by: bob, addresses: (1...9).map { Text("h:\($0)") }, may: [])
        #expect(said.addresses.map(\.port) == Array(1...8))
        #expect(said.may == TrustChange.defaultPermissions)
        #expect(introduction(of: carol, by: bob, may: ["introduce", "all"]).may == [])
        #expect(introduction(of: carol, by: bob, name: "Carol & Sons").petname == nil)
    }

    @Test("a name that is taken, kept for a guest, or given a moment ago gets a number; without one it is the did's")
    func names() throws {
        let other = try Self.key()
        var list = try list(.trust(other, name: "carol"), .invite(try Self.key(), name: "carol-2"))
        var decisions = IntroductionDecisions(list, at: now)
        let erin = try Self.key()
        let frank = try Self.key()
        decisions.decide(on: carol, given: [introduction(of: carol, by: bob)])
        decisions.decide(on: erin, given: [introduction(of: erin, by: bob, number: 2)])
        decisions.decide(on: frank, given: [introduction(of: frank, by: bob, number: 3, name: nil)])
        #expect(decisions.changes.map(\.name) == ["carol-3", "carol-4", frank.short])
        for change in decisions.changes { try list.apply(change, signedBy: owner, now: now) }
        #expect(try outcomes(of: [introduction(of: carol, by: bob)], in: &list) == [.followed], "the name stays")
    }

    @Test("about a key of which a person said something, trust or distrust, nothing is ever stated")
    func handSticks() throws {
        let said = introduction(of: carol, by: bob)
        var trusted = try list(.trust(carol, name: "c", may: []))
        #expect(try outcomes(of: [said], in: &trusted) == [.decided(isTrusted: true)])
        #expect(try outcomes(of: [], in: &trusted) == [])
        #expect(trusted.entries[carol]?.may == [])
        var distrusted = try list(.distrust(carol))
        #expect(try outcomes(of: [said], in: &distrusted) == [.decided(isTrusted: false)])
        #expect(distrusted.count == 3)

        // Whom an introduction brought becomes a person's own by a person's word, and stays what that says.
        var list = try list()
        _ = try outcomes(of: [said], in: &list)
        let byHand = TrustAmendment().change(for: PeerText(identity: carol), in: list, at: now)
        try list.apply(byHand, signedBy: owner, now: now)
        #expect(list.entries[carol]?.introducedBy == nil)
        #expect(try outcomes(of: [], in: &list) == [], "what is withdrawn then changes nothing")
        #expect(list.entries[carol]?.action == .trust)
        try list.apply(TrustAmendment.distrust(carol, keep: nil, reason: nil, in: list), signedBy: owner, now: now)
        #expect(try outcomes(of: [said], in: &list) == [.decided(isTrusted: false)])
    }

    @Test("without the right to introduce an introduction is a proposal, and whom it brought doesn't get the right")
    func proposals() throws {
        let erin = try Self.key()
        var list = try list(.trust(erin, name: "erin"))
        #expect(try outcomes(of: [introduction(of: carol, by: erin)], in: &list) == [.proposal])
        #expect(try outcomes(of: [introduction(of: carol, by: bob, may: ["introduce"])], in: &list) == [.due])
        let frank = try Self.key()
        let next = introduction(of: frank, by: carol)
        #expect(try outcomes(of: [next], about: frank, in: &list) == [.proposal], "depth one")
        #expect(list.entries[frank] == nil)
    }

    @Test("oneself, mirror images of known keys and invitations' keys are turned down, with why")
    func unacceptable() throws {
        let invitation = try Self.key()
        var list = try list(.invite(invitation, name: "guest"))
        func why(_ subject: PublicKey) throws -> String? {
            let outcome = try outcomes(of: [introduction(of: subject, by: bob)], about: subject, in: &list).first
            guard case .unacceptable(let why) = outcome else { return nil }
            return why
        }
        #expect(try why(owner.publicKey)?.contains("this identity itself") == true)
        let transportKey = try #require(dave.transportKey)
        let mirror = try #require(PublicKey.candidates(forTransportKey: transportKey).first { $0 != dave })
        #expect(try why(mirror)?.contains("mirror image") == true)
        #expect(try why(invitation)?.contains("key of an invitation") == true)
        #expect(list.count == 3)

        // Of two mirror images in one go the second is turned down.
        var decisions = IntroductionDecisions(list, at: now)
        let pair = PublicKey.candidates(forTransportKey: try #require(carol.transportKey))
        #expect(pair.count == 2)
        let results = pair.map { decisions.decide(on: $0, given: [introduction(of: $0, by: bob)]) }
        #expect(results.first == [.due])
        #expect(results.last != [.due])
        #expect(decisions.changes.count == 1)
    }

    @Test("when an introduction ends another one takes over, else trust is taken back, and may come again")
    func withdrawal() throws {
        var list = try list()
        let byBob = introduction(of: carol, by: bob, number: 2)
        let byDave = introduction(of: carol, by: dave, number: 1)
        #expect(try outcomes(of: [byBob], in: &list) == [.due])
        #expect(
            try outcomes(of: [byBob, byDave], in: &list) == [.followed, .introduced(by: bob)],
            "an earlier one by somebody else doesn't take a key away"
        )
        #expect(list.entries[carol]?.introducedBy == bob)
        #expect(try outcomes(of: [byDave], in: &list) == [.due])
        #expect(list.entries[carol]?.introducedBy == dave)
        #expect(list.entries[carol]?.name == "carol", "the name stays")

        #expect(try outcomes(of: [], in: &list) == [])
        let entry = try #require(list.entries[carol])
        #expect(entry.action == .distrust)
        #expect(entry.keep == .all)
        #expect(entry.reason == "introduction withdrawn")
        #expect(entry.introducedBy == dave)
        #expect(try outcomes(of: [], in: &list) == [])
        #expect(list.count == 5, "once")
        #expect(try outcomes(of: [byBob], in: &list) == [.due], "it may be followed by an introduction again")
        #expect(list.entries[carol]?.name == "carol")
    }

    @Test("it ends as well when the introducer is distrusted, loses the right, or its time is over")
    func introducerEnds() throws {
        let said = introduction(of: carol, by: dave)
        let ends: [(TrustChange?, Timestamp)] = [
            (.distrust(dave), now), (.trust(dave, name: "dave"), now), (nil, now + .seconds(1_001)),
        ]
        for (change, time) in ends {
            var list = try list()
            _ = try outcomes(of: [said], in: &list)
            if let change { try list.apply(change, signedBy: owner, now: now) }
            #expect(try outcomes(of: [said], in: &list, at: time) == [.proposal])
            #expect(list.entries[carol]?.action == .distrust)
        }
    }

    @Test("what the introducer may, and until when, is what those may whom it introduced")
    func restated() throws {
        var list = try list()
        let said = introduction(of: carol, by: bob)
        _ = try outcomes(of: [said], in: &list)
        let end = now + .seconds(77)
        try list.apply(.trust(bob, name: "bob", may: [.connect, .introduce], until: end), signedBy: owner, now: now)
        #expect(try outcomes(of: [said], in: &list) == [.due])
        #expect(list.entries[carol]?.may == [.connect])
        #expect(list.entries[carol]?.until == end)
        let newer = introduction(of: carol, by: bob, number: 2, name: "caroline")
        #expect(try outcomes(of: [newer], in: &list) == [.due], "the last word of the introducer counts")
        #expect(list.entries[carol]?.name == "caroline")
    }

    @Test("an introducer brings about 100 statements a day and 256 entries; beyond that trust is only taken back")
    func limits() throws {
        var list = try list()
        var keys: [PublicKey] = []
        for number in 0..<300 { keys.append(try Self.key(after: number)) }
        func pass(
            at time: Timestamp,
            _ keys: [PublicKey]
        ) throws -> (IntroductionDecisions, [IntroductionOutcome]) {
            var decisions = IntroductionDecisions(list, at: time)
            let outcomes = keys.flatMap { decisions.decide(on: $0, given: [introduction(of: $0, by: bob)]) }
            for change in decisions.changes { try list.apply(change, signedBy: owner, now: time) }
            return (decisions, outcomes)
        }
        let (first, outcomes) = try pass(at: now, keys)
        #expect(first.changes.count == 100)
        #expect(first.heldBack == [bob])
        #expect(outcomes.filter { $0 == .due }.count == 100)
        #expect(outcomes.filter { $0 == .tooManyStatements }.count == 200)
        // Another introducer has a day of its own.
        var others = IntroductionDecisions(list, at: now)
        #expect(others.decide(on: carol, given: [introduction(of: carol, by: dave)]) == [.due])
        #expect(!others.hasRoom(for: bob))
        #expect(try pass(at: now + .seconds(86_399), keys).0.changes.isEmpty)
        let release = try #require(IntroductionDecisions(list, at: now + .seconds(1)).nextRelease)
        #expect(release > now + .seconds(86_399) && release < now + .seconds(86_401))

        #expect(try pass(at: now + .seconds(90_000), keys).0.changes.count == 100)
        let (third, last) = try pass(at: now + .seconds(180_000), keys)
        #expect(third.changes.count == 56, "256 in all")
        #expect(last.filter { $0 == .tooManyEntries }.count == 44)
        #expect(list.entries.values.count { $0.introducedBy == bob } == 256)

        // Whoever loses trust takes all with it, however many there are.
        try list.apply(.distrust(bob), signedBy: owner, now: now + .seconds(180_000))
        let (end, _) = try pass(at: now + .seconds(180_001), keys)
        #expect(end.changes.count == 256)
        #expect(!list.entries.values.contains { $0.introducedBy == bob && $0.action == .trust })
    }

    @Test("who introduces and withdraws all day long has brought about no more than 100 statements")
    func flapping() throws {
        var list = try list()
        let before = list.count
        for number in 0..<200 {
            let said = introduction(of: carol, by: bob, number: UInt8(number % 2))
            _ = try outcomes(of: number % 2 == 0 ? [said] : [], in: &list, at: now + Int64(number))
        }
        #expect(list.count - before == 100)
        #expect(list.entries[carol]?.action == .distrust)
    }

    /// Another key for each number: quicker than to generate an identity.
    private static func key(after number: Int) throws -> PublicKey {
        var random = SeededGenerator(seed: UInt64(number))
        return try Identity.seeded(&random).publicKey
    }
}
