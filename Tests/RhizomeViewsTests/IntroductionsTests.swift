import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import Testing

/// The introductions that stand in a log (spec: meeting.md, "Introductions").
@Suite struct IntroductionsTests {
    private static let subject: Text = "did:key:carol"

    private func introduction(_ name: Text, of subject: Text = subject) -> [Pointer] {
        .introduction(of: subject, name: name, addresses: ["carol.example:4000"], may: ["author"])
    }

    private func introductions(
        _ log: any DeltaLog,
        by list: TrustList? = nil
    ) async throws -> Introductions {
        let owner = try TestAuthors.signer("owner").publicKey
        return Introductions(log: log, without: try await Exclusion(by: list ?? TrustList(owner: owner), in: log))
    }

    private func names(_ log: any DeltaLog) async throws -> [String?] {
        try await introductions(log).introductions(of: [Self.subject])[Self.subject, default: []].map(\.petname)
    }

    @Test("of each introducer the last one counts that is in force; what is taken back uncovers the one before")
    func last() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let first = try maker.delta("bob", introduction("carol"))
        let second = try maker.delta("bob", introduction("caroline"), after: [first])
        let dave = try maker.delta("dave", introduction("caz"))
        _ = try await log.append([first, second, dave], cursors: [:])
        let found = try await introductions(log).introductions(of: [Self.subject, "did:key:nobody"])
        #expect(found.count == 1)
        let said = try #require(found[Self.subject]?.first)
        #expect(said.petname == "caroline")
        #expect(said.delta == second.delta.id.bytes)
        #expect(said.introducer == second.delta.author)
        #expect(said.time == second.delta.header.timeCreated)
        #expect(said.addresses.map(\.description) == ["carol.example:4000"])
        #expect(said.may == [.author])
        #expect(try await names(log) == ["caroline", "caz"])

        let negation = try maker.delta("bob", .negation(of: second.delta.id), after: [second])
        let foreign = try maker.delta("bob", .negation(of: dave.delta.id), after: [negation])
        _ = try await log.append([negation, foreign], cursors: [:])
        #expect(try await names(log) == ["carol", "caz"], "nobody takes back what another said")
        let again = try maker.delta("bob", .negation(of: negation.delta.id), after: [foreign])
        _ = try await log.append([again], cursors: [:])
        #expect(try await names(log) == ["caroline", "caz"])
        let touched = try await introductions(log).subjects(ofNegated: [negation.delta.id])
        #expect(touched == [Self.subject], "also what was negated by what is negated")
    }

    @Test("what trust keeps out, what lacks a transaction's members, and what only looks alike doesn't count")
    func invisible() async throws {
        var maker = DeltaMaker()
        let log = InMemoryDeltaLog()
        let size = try maker.delta("bob", .transaction("t", size: 2))
        let membership = Pointer(ControlName.transaction, entity: "t", targetContext: ControlName.deltas)
        let member = try maker.delta("bob", [membership] + introduction("carol"), after: [size])
        let other = try maker.delta(
            "bob",
            [Pointer("introduces", entity: Self.subject, targetContext: ControlName.introducedBy)],
            after: [member]
        )
        let dave = try maker.delta("dave", introduction("caz"))
        _ = try await log.append([size, member, other, dave], cursors: [:])
        #expect(try await names(log) == ["caz"])
        let second = try maker.delta("bob", [membership, Pointer("x", .null)], after: [other])
        _ = try await log.append([second], cursors: [:])
        #expect(try await names(log) == ["carol", "caz"])

        let owner = try Identity.generate()
        var list = TrustList(owner: owner.publicKey)
        try list.apply(.distrust(dave.delta.author, keep: .none), signedBy: owner, now: 1)
        let found = try await introductions(log, by: list).introductions(of: [Self.subject])
        #expect(found[Self.subject]?.map(\.petname) == ["carol"])
    }

    @Test("looking one up among 10,000 introductions, and finding whom one introduces, costs what is shown")
    func cost() async throws {
        var rows: [[Int]] = []
        for count in [10, 10_000] {
            var maker = DeltaMaker()
            let memory = InMemoryDeltaLog()
            var deltas = [try maker.delta("dave", introduction("carol"))]
            for number in 0..<count {
                let subject = Text("did:key:\(100_000 + number)")
                let previous = number == 0 ? [] : Array(deltas.suffix(1))
                deltas.append(try maker.delta("bob", introduction("x", of: subject), after: previous))
            }
            _ = try await memory.append(deltas, cursors: [:])
            let log = WatchedLog(memory)
            let introductions = try await introductions(log)
            #expect(try await introductions.introductions(of: [Self.subject])[Self.subject]?.count == 1)
            let author = try TestAuthors.signer("dave").publicKey
            #expect(try await introductions.subjects(introducedBy: author, limit: 9) == [Self.subject])
            let bob = try TestAuthors.signer("bob").publicKey
            let page = try await introductions.subjects(introducedBy: bob, after: "did:key:100004", limit: 3)
            #expect(page == ["did:key:100005", "did:key:100006", "did:key:100007"])
            rows.append(log.rowsRead)
        }
        #expect(rows.first == rows.last, "\(rows)")
        #expect(rows.joined().allSatisfy { $0 < 30 }, "\(rows)")
    }
}
