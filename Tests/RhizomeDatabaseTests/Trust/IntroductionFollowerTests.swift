import Bytes
import DatabaseTesting
import HomeFiles
import PrometheusMetrics
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase

/// A database that trusts whom its peers introduce (spec: meeting.md, "Introductions").
@Suite struct IntroductionFollowerTests {
    /// A database over a log in memory and a journal in a folder, of which a test moves the clock.
    private final class Receiver: Sendable {
        let time = ManualClock(1_735_693_200_000_000)
        let memory = InMemoryDeltaLog()
        let log: WatchedLog
        let owner: Identity
        let journal: TrustJournal
        let records = LogRecords()
        private let folder: TemporaryFolder

        init() throws {
            try SodiumLibrary.initialize()
            owner = try Identity.generate()
            folder = try TemporaryFolder()
            journal = TrustJournal(home: try Home.create(folder.path), owner: owner.publicKey)
            log = WatchedLog(memory)
        }

        deinit { folder.remove() }

        func state(_ changes: TrustChange...) throws { try state(changes) }

        func state(_ changes: [TrustChange]) throws {
            try journal.append(signedBy: owner, now: time.now) { _ in changes }
        }

        var list: TrustList { get throws { try journal.load().list } }

        /// Whom somebody's word brought, and who is still trusted by it.
        func trusted(by introducer: String) throws -> Set<String> {
            let key = try TestAuthors.signer(introducer).publicKey
            let entries = try list.entries.values.filter { $0.introducedBy == key && $0.action == .trust }
            return Set(entries.compactMap(\.name))
        }

        /// Runs the database for the time of `body`.
        func running(follows: Bool = true, _ body: (Database) async throws -> Void) async throws {
            let loaded = try journal.load()
            let database = try await Database(
                signer: owner,
                trust: loaded.list,
                log: log,
                clock: time.clock,
                metricsFactory: PrometheusRegistry(Database.metricTable),
                logger: records.logger
            )
            let writer = TrustWriter(
                owner: owner,
                journal: journal,
                trust: database.trustInForce,
                clock: time.clock
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [journal] in
                    await database.run(
                        watching: journal,
                        from: loaded,
                        following: follows ? writer : nil,
                        onTrustChange: { _ in }
                    )
                }
                try await body(database)
                group.cancelAll()
            }
        }

        /// Lets time pass until something holds.
        func until(_ what: String, _ holds: () throws -> Bool) async throws {
            try await eventually(what) {
                time.advance(.milliseconds(300))
                return try holds()
            }
        }

        /// Lets time pass until the journal as it is was taken up, and what follows from that has happened.
        func settle(_ database: Database) async throws {
            let head = try list.head
            try await until("the journal is taken up") { database.trust.head == head }
            // Seconds by the clock of all that runs here: what would be done in them must not be.
            for _ in 0..<20 {
                time.advance(.milliseconds(300))
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    private static func did(_ label: String) throws -> Text { Text(try TestAuthors.signer(label).publicKey.did) }

    private static func introduction(of label: String, as name: Text? = nil) throws -> [Pointer] {
        .introduction(of: try did(label), name: name ?? Text(label), addresses: [], may: ["author", "connect"])
    }

    private static func introducer(_ label: String) throws -> TrustChange {
        .trust(try TestAuthors.signer(label).publicKey, name: label, may: [.author, .connect, .introduce])
    }

    @Test("who is introduced is trusted at once, and no more when that is taken back or the introducer is distrusted")
    func followed() async throws {
        let receiver = try Receiver()
        try receiver.state(Self.introducer("bob"), Self.introducer("dave"))
        var maker = DeltaMaker(time: receiver.time.now - .seconds(60))
        let carol = try maker.delta("bob", Self.introduction(of: "carol"))
        let erin = try maker.delta("bob", Self.introduction(of: "erin"), after: [carol])
        let negation = try maker.delta("bob", .negation(of: carol.delta.id), after: [erin])
        let again = try maker.delta("bob", .negation(of: negation.delta.id), after: [negation])
        let second = try maker.delta("dave", Self.introduction(of: "carol", as: "caroline"))
        try await receiver.running { database in
            for delta in [carol, erin] { _ = try await database.submit(delta.delta.bytes) }
            try await receiver.until("both are trusted") { try receiver.trusted(by: "bob") == ["carol", "erin"] }
            #expect(try database.trust.mayConnect(TestAuthors.signer("carol").publicKey, at: receiver.time.now))
            _ = try await database.submit(negation.delta.bytes)
            try await receiver.until("carol no more") { try receiver.trusted(by: "bob") == ["erin"] }
            let entry = try receiver.list.entries[TestAuthors.signer("carol").publicKey]
            #expect(entry?.reason == "introduction withdrawn")
            _ = try await database.submit(again.delta.bytes)
            try await receiver.until("carol again") { try receiver.trusted(by: "bob") == ["carol", "erin"] }
            _ = try await database.submit(second.delta.bytes)
            try await receiver.settle(database)
            #expect(try receiver.trusted(by: "dave").isEmpty, "carol is introduced already")

            try receiver.state(.distrust(try TestAuthors.signer("bob").publicKey))
            try await receiver.until("dave's word takes over") {
                try receiver.trusted(by: "dave") == ["caroline"] && receiver.trusted(by: "bob").isEmpty
            }
            #expect(try receiver.list.entries[TestAuthors.signer("erin").publicKey]?.action == .distrust)
        }
        #expect(receiver.records.records.contains { $0.text.hasPrefix("a peer is trusted by an introduction") })
    }

    @Test(
        "what was said before the introducer had the right, or while nothing ran, is followed; a person's word stands"
    )
    func later() async throws {
        let receiver = try Receiver()
        let carol = try TestAuthors.signer("carol").publicKey
        try receiver.state(.trust(try TestAuthors.signer("bob").publicKey, name: "bob"), .distrust(carol))
        var maker = DeltaMaker(time: receiver.time.now - .seconds(60))
        let first = try maker.delta("bob", Self.introduction(of: "carol"))
        let second = try maker.delta("bob", Self.introduction(of: "erin"), after: [first])
        _ = try await receiver.memory.append([first, second], cursors: [:])
        try await receiver.running { database in
            try receiver.state(Self.introducer("bob"))
            try await receiver.until("erin is trusted") { try receiver.trusted(by: "bob") == ["erin"] }
            try receiver.state(.trust(try TestAuthors.signer("bob").publicKey, name: "bob", may: [.author]))
            try await receiver.until("the right is gone") { try receiver.trusted(by: "bob").isEmpty }
        }
        try receiver.state(Self.introducer("bob"))
        try await receiver.running { _ in
            try await receiver.until("erin is trusted") { try receiver.trusted(by: "bob") == ["erin"] }
        }
        try receiver.state(.distrust(try TestAuthors.signer("bob").publicKey))
        try await receiver.running(follows: false) { database in
            try await receiver.settle(database)
            #expect(try receiver.trusted(by: "bob") == ["erin"], "RHIZOME_FOLLOW=false: nothing is stated")
        }
        try await receiver.running { _ in
            try await receiver.until("erin is trusted no more") { try receiver.trusted(by: "bob").isEmpty }
        }
        #expect(try receiver.list.entries[carol]?.introducedBy == nil)
        #expect(try receiver.list.entries[carol]?.action == .distrust)
    }

    @Test("trust of whom an introducer brought ends when the introducer's does")
    func expiry() async throws {
        let receiver = try Receiver()
        let bob = try TestAuthors.signer("bob").publicKey
        let end = receiver.time.now + .seconds(3_600)
        try receiver.state(.trust(bob, name: "bob", may: [.introduce], until: end))
        var maker = DeltaMaker(time: receiver.time.now - .seconds(60))
        _ = try await receiver.memory.append([maker.delta("bob", Self.introduction(of: "carol"))], cursors: [:])
        try await receiver.running { _ in
            try await receiver.until("carol is trusted") { try receiver.trusted(by: "bob") == ["carol"] }
            receiver.time.advance(3_601)
            try await receiver.until("carol is trusted no more") { try receiver.trusted(by: "bob").isEmpty }
        }
    }

    @Test("among 1,000 entries and 10,000 introductions 100 a day are followed, and each look costs what has changed")
    func limits() async throws {
        let receiver = try Receiver()
        var changes = [try Self.introducer("bob"), try Self.introducer("dave")]
        for number in 0..<998 {
            changes.append(.trust(try TestAuthors.signer("entry \(number)").publicKey, name: "entry\(number)"))
        }
        try receiver.state(changes)
        var maker = DeltaMaker(time: receiver.time.now - .seconds(3_000))
        var deltas: [AdmittedDelta] = []
        for number in 0..<10_000 {
            deltas.append(try maker.delta("bob", Self.introduction(of: "s\(number)", as: "s"), after: deltas.suffix(1)))
        }
        _ = try await receiver.memory.append(deltas, cursors: [:])
        let unrelated = try maker.delta("entry 1")
        let one = try maker.delta("dave", Self.introduction(of: "carol"))
        func rows() -> Int { receiver.log.rowsRead.reduce(0, +) }
        try await receiver.running { database in
            try await receiver.until("100 are trusted") { try receiver.trusted(by: "bob").count == 100 }
            try await receiver.settle(database)
            let before = rows()
            #expect(before < 4_000, "not all 10,000 are looked at")
            #expect(try receiver.trusted(by: "bob").count == 100)
            #expect(try receiver.trusted(by: "bob").contains("s-100"), "of the same name all but one have a number")

            _ = try await database.submit(unrelated.delta.bytes)
            try receiver.state(.distrust(try TestAuthors.signer("entry 2").publicKey))
            try await receiver.settle(database)
            #expect(rows() == before, "neither what others write nor other statements make it look")

            _ = try await database.submit(one.delta.bytes)
            try await receiver.until("dave's word counts") { try receiver.trusted(by: "dave") == ["carol"] }
            try await receiver.settle(database)
            #expect(rows() - before < 40, "one is looked at: \(rows() - before) rows")

            receiver.time.advance(86_500)
            try await receiver.until("100 more, a day later") { try receiver.trusted(by: "bob").count == 200 }
            try await receiver.settle(database)
            #expect(rows() - before < 8_000, "\(rows() - before) rows")
        }
        #expect(receiver.records.records.count { $0.text.hasPrefix("introductions were turned down") } <= 2)
    }

    @Test("where nobody may introduce, introductions cost nothing")
    func nobody() async throws {
        let receiver = try Receiver()
        try receiver.state(.trust(try TestAuthors.signer("bob").publicKey, name: "bob"))
        var maker = DeltaMaker(time: receiver.time.now - .seconds(60))
        let first = try maker.delta("bob", Self.introduction(of: "carol"))
        try await receiver.running { database in
            let before = receiver.log.readings.count
            _ = try await database.submit(first.delta.bytes)
            try await receiver.settle(database)
            #expect(receiver.log.readings.count == before)
            #expect(try receiver.list.count == 1)
        }
    }
}
