import Bytes
import Foundation
import RhizomeCollections
import RhizomeCore
import RhizomeDatabase
import RhizomeHosting
import RhizomeNode
import RhizomeTesting
import RhizomeViews
import Testing

/// What is told of a collection, by whomever it was written.
@Suite struct CollectionChangesTests {
    /// A change without its cursor.
    private enum Told: Equatable {
        case created(User), updated(User), deleted(String), unreadable(String)

        init(_ change: CollectionChange<User>) {
            self =
                switch change.event {
                case .created(let user): .created(user)
                case .updated(let user): .updated(user)
                case .deleted: .deleted(change.id)
                case .unreadable: .unreadable(change.id)
                }
        }
    }

    private typealias Iterator = TypedCollection<User>.Changes.AsyncIterator

    /// The next change, which has to come in time.
    private static func next(_ changes: inout Iterator) async throws -> Told? {
        try await nextChange(&changes).map { Told($0) }
    }

    private static func nextChange(_ changes: inout Iterator) async throws -> CollectionChange<User>? {
        let (change, rest) = try await within(.seconds(60), "no change was told") { [changes] in
            var changes = changes
            let change = try await changes.next()
            return (change, changes)
        }
        changes = rest
        return change
    }

    private static func write(_ collection: Text, _ id: Text, _ property: Text, _ value: Value) -> Draft {
        Draft(pointers: [Pointer(collection, entity: id, targetContext: property), Pointer(property, value)])
    }

    @Test("a put is told as one change: new, changed or gone; what changes nothing is not told")
    func local() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            try await users.put(User(id: "early", name: "Early"))
            var changes = users.changes().makeAsyncIterator()
            var ann = User(id: "ann", name: "Ann", age: 30)
            try await users.put(ann)
            #expect(try await Self.next(&changes) == .created(ann))
            try await users.put(ann)
            ann.name = "Anna"
            ann.age = nil
            try await users.put(ann)
            #expect(try await Self.next(&changes) == .updated(ann))
            try await TypedCollection<User>("film", in: node.database).put(User(id: "film-1", name: "Film"))
            try await users.delete("ann")
            #expect(try await Self.next(&changes) == .deleted("ann"))
            try await users.put(ann)
            #expect(try await Self.next(&changes) == .created(ann))
            try await users.put(User(id: "early", name: "Late"))
            #expect(try await Self.next(&changes) == .updated(User(id: "early", name: "Late")))
        }
    }

    @Test("what a peer puts is told on the other node as it is here, a transaction as one change")
    func peers() async throws {
        try await HomedNode.runningFriends { first, second in
            let here = TypedCollection<User>("user", in: first.database)
            let there = TypedCollection<User>("user", in: second.database)
            var seenHere = here.changes().makeAsyncIterator()
            var seenThere = there.changes().makeAsyncIterator()
            var user = User(id: "taliesin-1", name: "Taliesin", age: 42)
            try await here.put(user)
            #expect(try await Self.next(&seenHere) == .created(user))
            #expect(try await Self.next(&seenThere) == .created(user))
            user.name = "Taliesin the bard"
            user.age = 43
            try await there.put(user)
            #expect(try await Self.next(&seenThere) == .updated(user))
            #expect(try await Self.next(&seenHere) == .updated(user))
            try await there.delete(user.id)
            #expect(try await Self.next(&seenHere) == .deleted(user.id))
        }
    }

    @Test("updates are what is new or changed, creations what is new")
    func entities() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            let updates = users.updates()
            let creations = users.creations()
            let ann = User(id: "ann", name: "Ann")
            let old = User(id: "ann", name: "Ann", age: 80)
            let bea = User(id: "bea", name: "Bea")
            for user in [ann, old] {
                try await users.put(user)
                // Each is read by itself: those that come together are told together.
                if user == ann { #expect(try await updates.first { _ in true } == ann) }
            }
            let later = users.cursor
            try await users.delete("ann")
            try await users.put(bea)
            #expect(try await users.updates(since: later).first { _ in true } == bea)
            #expect(try await creations.first { $0.id == "bea" } == bea)
            #expect(try await users.creations(since: later).first { _ in true } == bea)
        }
    }

    @Test("a negation is told as the view that it leaves, and so is taking it back")
    func negations() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            try await users.put(User(id: "ann", name: "Ann"))
            let age = try await node.database.write([Self.write("user", "ann", "age", .integer(30))])
            var changes = users.changes().makeAsyncIterator()
            let negation = try await node.database.write([Draft(pointers: .negation(of: try #require(age.first).id))])
            #expect(try await Self.next(&changes) == .updated(User(id: "ann", name: "Ann")))
            _ = try await node.database.write([Draft(pointers: .negation(of: try #require(negation.first).id))])
            #expect(try await Self.next(&changes) == .updated(User(id: "ann", name: "Ann", age: 30)))
        }
    }

    @Test("a transaction is told when its last member is there, as one change for each entity")
    func lateMember() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            var changes = users.changes().makeAsyncIterator()
            func member(_ draft: Draft) -> Draft {
                Draft(pointers: [Pointer("_transaction", entity: "T", targetContext: "deltas")] + draft.pointers)
            }
            _ = try await node.database.write([
                Draft(pointers: .transaction("T", size: 3)), member(Self.write("user", "ann", "name", .text("Ann"))),
            ])
            _ = try await node.database.write([member(Self.write("user", "ann", "age", .integer(30)))])
            // Something else, so that what came before is known to have been read.
            let marker = User(id: "marker", name: "Marker")
            try await users.put(marker)
            #expect(try await Self.next(&changes) == .created(marker))
            _ = try await node.database.write([member(Self.write("user", "bea", "name", .text("Bea")))])
            let told = [try await Self.next(&changes), try await Self.next(&changes)]
            for user in [User(id: "ann", name: "Ann", age: 30), User(id: "bea", name: "Bea")] {
                #expect(told.contains(.created(user)))
            }
        }
    }

    @Test("what isn't such a value is told as unreadable and stops nobody; it is new once it is one")
    func unreadable() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            var changes = users.changes().makeAsyncIterator()
            _ = try await node.database.write([Self.write("user", "ann", "name", .integer(5))])
            #expect(try await Self.next(&changes) == .unreadable("ann"))
            try await users.put(User(id: "ann", name: "Ann"))
            #expect(try await Self.next(&changes) == .created(User(id: "ann", name: "Ann")))
            _ = try await node.database.write([Self.write("user", "ann", "shoes", .integer(42))])
            #expect(try await Self.next(&changes) == .updated(User(id: "ann", name: "Ann")))
        }
    }

    @Test("a slow reader is told less often, and what everything became in the end")
    func slowReader() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            let changes = users.changes()
            let count = 30
            for round in 1...10 {
                _ = try await node.database.write(
                    (0..<count).map { Self.write("user", Text("u\($0)"), "name", .text(Text("\(round)"))) }
                )
            }
            var last: [String: String] = [:]
            var told = 0
            for try await change in changes {
                last[change.id] = try #require(change.entity).name
                told += 1
                if last.count == count, last.values.allSatisfy({ $0 == "10" }) { break }
            }
            #expect(told < 10 * count)
        }
    }

    @Test("a reader that goes on from the cursor of any change, also after a restart, misses nothing")
    func cursors() async throws {
        try await withTemporaryFolder { folder in
            let alice = try HomedNode("alice", in: folder)
            let names = (0..<5).map { "u\($0)" }
            let saved = try await alice.running { node in
                let users = TypedCollection<User>("user", in: node.database)
                var changes = users.changes().makeAsyncIterator()
                let start = users.cursor
                // At once, so that they are told together.
                _ = try await node.database.write(names.map { Self.write("user", Text($0), "name", .text("Ann")) })
                var cursors = [start]
                for _ in names { cursors.append(try #require(try await Self.nextChange(&changes)).cursor) }
                return cursors.map(\.description)
            }
            try await alice.running { node in
                let users = TypedCollection<User>("user", in: node.database)
                for (read, text) in saved.enumerated() {
                    let marker = User(id: "marker-\(read)", name: "Marker")
                    try await users.put(marker)
                    let cursor = try #require(CollectionCursor(text))
                    var told: Set<String> = []
                    for try await change in users.changes(since: cursor) {
                        told.insert(change.id)
                        if change.id == marker.id { break }
                    }
                    #expect(told.isSuperset(of: names[read...]))
                    // All five were one page, which is over with its last change only.
                    #expect(read < names.count || told.isDisjoint(with: names))
                }
            }
        }
    }

    @Test("a cursor of another store is refused, as is one that this store hasn't come to")
    func foreignCursor() async throws {
        try await HomedNode.runningFriends { first, second in
            let users = TypedCollection<User>("user", in: first.database)
            for cursor in [
                TypedCollection<User>("user", in: second.database).cursor,
                try #require(CollectionCursor(users.cursor.description.dropLast() + "99")),
            ] {
                var changes = users.changes(since: cursor).makeAsyncIterator()
                let error = await #expect(throws: CollectionError.self) { try await changes.next() }
                #expect(error?.code == .cursor)
                #expect(try await changes.next() == nil)
            }
        }
    }

    @Test("a cursor is its text, also in JSON; other texts are none")
    func cursorText() async throws {
        let cursor = try await HomedNode.running { TypedCollection<User>("user", in: $0.database).cursor }
        #expect(CollectionCursor(cursor.description) == cursor)
        let json = try JSONEncoder().encode([cursor])
        #expect(try JSONDecoder().decode([CollectionCursor].self, from: json) == [cursor])
        for text in ["", ".", "5", "xy.5", "00.", "00.-1", "00.05", "00.5.5", "AB.5", " 00.5"] {
            #expect(CollectionCursor(text) == nil, "\(text)")
        }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([CollectionCursor].self, from: Data("[\"5\"]".utf8))
        }
    }

    @Test("cancelling a reader ends its sequence, whether it waits or not, and the others go on")
    func cancelling() async throws {
        try await HomedNode.running { node in
            let users = TypedCollection<User>("user", in: node.database)
            let changes = users.changes()
            let (firsts, first) = AsyncStream<Void>.makeStream()
            let waiting = Task {
                for try await _ in users.changes(since: users.cursor) {}
                return true
            }
            waiting.cancel()
            #expect(try await within(.seconds(60), "the reader goes on") { try await waiting.value })
            // At once, so that there is more to be told when the reader is cancelled.
            _ = try await node.database.write(["ann", "bea"].map { Self.write("user", $0, "name", .text("x")) })
            let reading = Task {
                var count = 0
                for try await _ in changes {
                    count += 1
                    first.yield()
                    while !Task.isCancelled { await Task.yield() }
                }
                return count
            }
            for await _ in firsts { break }
            reading.cancel()
            #expect(try await within(.seconds(60), "the reader goes on") { try await reading.value } == 1)
            var other = changes.makeAsyncIterator()
            #expect(try await Self.next(&other) != nil)
        }
    }

    @Test("the node's end is the sequence's end, and what was not read is there at the next start")
    func shutdown() async throws {
        try await withTemporaryFolder { folder in
            let alice = try HomedNode("alice", in: folder)
            let ann = User(id: "ann", name: "Ann")
            let (reader, changes, cursor) = try await alice.running { node in
                let users = TypedCollection<User>("user", in: node.database)
                let cursor = users.cursor
                let changes = users.changes()
                let reader = Task {
                    for try await _ in users.changes() {}
                    return true
                }
                try await users.put(ann)
                return (reader, changes, cursor)
            }
            #expect(try await within(.seconds(60), "the reader goes on") { try await reader.value })
            var late = changes.makeAsyncIterator()
            #expect(try await late.next() == nil)
            let told = try await alice.running { node in
                try await TypedCollection<User>("user", in: node.database).updates(since: cursor).first { _ in true }
            }
            #expect(told == ann)
        }
    }
}
