import DatabaseTesting
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase

/// What trust keeps out of views is worked out when trust or what is held changes, not for each read.
@Suite struct ExclusionsTests {
    private let owner: Identity
    private let log = HookedLog()
    private let exclusions: Exclusions

    init() throws {
        try SodiumLibrary.initialize()
        owner = try Identity.generate()
        exclusions = Exclusions(log: log)
    }

    private func list(_ changes: TrustChange...) throws -> TrustList {
        var list = TrustList(owner: owner.publicKey)
        for change in changes { try list.apply(change, signedBy: owner, now: 1_735_689_600_000_000) }
        return list
    }

    /// Appends as a node does.
    private func append(_ deltas: [AdmittedDelta]) async throws {
        exclusions.note(try await log.append(deltas, cursors: [:]))
    }

    /// Which of these views leave out.
    private func excluded(_ deltas: [AdmittedDelta], by trust: TrustList) async throws -> [Bool] {
        let exclusion = try await exclusions.exclusion(by: trust)
        return deltas.map { exclusion.isExcluded(ViewedDelta($0.delta)) }
    }

    @Test("a part that is kept is looked up once for all reads, whatever others write")
    func onceForAllReads() async throws {
        var maker = DeltaMaker()
        let log = try maker.chain("alice", 4)
        let bob = try maker.delta("bob")
        try await append(log + [bob])
        // One that isn't held must not make it be looked up again and again.
        let unknown = try maker.delta("alice", after: [log[3]])
        let keep = Keep.ids([log[1], unknown].map(\.delta.id.bytes))
        let trust = try list(.distrust(log[0].delta.author, keep: keep))
        for _ in 0..<10 {
            try await append([try maker.delta("bob")])
            #expect(try await excluded(log + [bob], by: trust) == [false, false, true, true, false])
        }
        #expect(self.log.ancestries == 1)
        let number = try await exclusions.exclusion(by: trust).number
        #expect(try await exclusions.exclusion(by: trust).number == number)
    }

    @Test("reads that come at once wait for one look-up")
    func atOnce() async throws {
        var maker = DeltaMaker()
        let alice = try maker.chain("alice", 2)
        try await append(alice)
        let trust = try list(.distrust(alice[0].delta.author, keep: .ids([alice[0].delta.id.bytes])))
        let gate = Gate()
        log.beforeAncestry { await gate.pass() }
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { try await excluded(alice, by: trust) } }
            try await eventually("somebody asks") { gate.isReached }
            gate.open()
            for try await excluded in group { #expect(excluded == [false, true]) }
        }
        #expect(log.ancestries == 1)
    }

    @Test("an id that is kept and arrives later keeps what is before it; a fork that arrives is left out")
    func lateArrival() async throws {
        var maker = DeltaMaker()
        let alice = try maker.chain("alice", 3)
        try await append([alice[0]])
        let trust = try list(.distrust(alice[0].delta.author, keep: .ids([alice[1].delta.id.bytes])))
        #expect(try await excluded(alice, by: trust) == [true, true, true])
        // Was on its way when trust was taken back.
        try await append(Array(alice[1...]))
        #expect(try await excluded(alice, by: trust) == [false, false, true])
        let fork = try maker.delta("alice", after: [alice[0]])
        try await append([fork])
        #expect(try await excluded(alice + [fork], by: trust) == [false, false, true, true])
    }

    @Test("it is worked out anew where the list says something else, and where the log couldn't tell")
    func changes() async throws {
        var maker = DeltaMaker()
        let alice = try maker.chain("alice", 2)
        let author = alice[0].delta.author
        try await append(alice)
        let keep = Keep.ids([alice[0].delta.id.bytes])
        log.beforeAncestry { throw DeltaLogError(.disk, "") }
        let trust = try list(.distrust(author, keep: keep))
        await #expect(throws: DeltaLogError.self) { try await exclusions.exclusion(by: trust) }
        log.beforeAncestry(nil)
        let first = try await exclusions.exclusion(by: trust)
        #expect(try await excluded(alice, by: trust) == [false, true])
        #expect(try await excluded(alice, by: try list(.distrust(author, keep: .none))) == [true, true])
        #expect(try await excluded(alice, by: try list(.distrust(author))) == [false, false])
        #expect(try await excluded(alice, by: try list(.trust(author, name: "alice"))) == [false, false])
        #expect(try await excluded(alice, by: trust) == [false, true])
        #expect(try await exclusions.exclusion(by: trust).number > first.number)
    }
}
