import Bytes
import RhizomeCore
import SignedStatements
import Testing

extension DeltaLogRule {
    static let entities = [
        DeltaLogRule("texts are the same when their bytes are: NUL, accents and case included") { lend in
            try await lend { log in
                let names: [Text] = [
                    "a", "a\0b", "a\0", "A", "é", "e\u{301}", "\u{e9}x", "\u{10ffff}", "\0",
                    Text(String(repeating: "n", count: 1024)),
                ]
                var maker = DeltaMaker()
                var batch: [AdmittedDelta] = []
                for name in names {
                    let pointers = [Pointer(name, entity: name, targetContext: name), Pointer("value", .text(name))]
                    batch.append(try maker.delta("alice", pointers, after: batch.suffix(1)))
                }
                let stored = try await log.append(batch, cursors: [:])
                for (index, name) in names.enumerated() {
                    let position = stored[index].position
                    #expect(try await log.positions(about: name) == [position])
                    let said = try await log.read { try $0.delta(at: position).body.pointers.last?.value }
                    #expect(said == .text(name))
                    #expect(try await log.entities(referredToBy: name) == [[name]])
                }
            }
        },
        DeltaLogRule("the names of contexts come by their bytes, local and target, each once, a page at a time") {
            lend in
            try await lend { log in
                var maker = DeltaMaker()
                let pointers = [Pointer("b", entity: "one", targetContext: "a\0"), Pointer("é", .integer(1))]
                let first = try maker.delta("alice", pointers)
                let second = try maker.delta("bob", [Pointer("a", entity: "two", targetContext: "b")])
                _ = try await log.append([first, second], cursors: [:])
                let pages: [(after: Text?, limit: Int, names: [Text])] = [
                    (nil, 9, ["a", "a\0", "b"]), (nil, 2, ["a", "a\0"]), ("a\0", 2, ["b"]), ("aa", 1, ["b"]),
                    ("b", 2, []),
                ]
                for page in pages {
                    let names = try await log.read { try $0.contexts(after: page.after, limit: page.limit) }
                    #expect(names == page.names)
                }
            }
        },
        DeltaLogRule("the deltas about an entity are found, each once, whatever else they are about") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                var batch: [AdmittedDelta] = []
                for number in 0..<6 {
                    let author = number.isMultiple(of: 2) ? "alice" : "bob"
                    let pointers = [
                        Pointer("user", entity: number < 4 ? "one" : "two", targetContext: "a"),
                        Pointer("friend", entity: "one", targetContext: "b"),
                        Pointer("user", entity: "one", targetContext: "a"),
                    ]
                    let previous = batch.last { $0.delta.author == (try? maker.author(author)) }
                    batch.append(try maker.delta(author, pointers, after: previous.map { [$0] } ?? []))
                }
                _ = try await log.append(Array(batch.prefix(3)), cursors: [:])
                _ = try await log.append(batch, cursors: [:])
                #expect(try await log.positions(about: "one") == [1, 2, 3, 4, 5, 6])
                #expect(try await log.positions(about: "two") == [5, 6])
                #expect(try await log.positions(about: "three").isEmpty)
                #expect(try await log.positions(about: "a").isEmpty)
            }
        },
        DeltaLogRule("what an author negates is found by the delta, the last word first") { lend in
            try await lend { log in
                var maker = DeltaMaker()
                let targets = try (0..<3).map { _ in try maker.delta("alice") }
                let ids = targets.map(\.delta.id)
                let both = [Pointer].negation(of: ids[0]) + .negation(of: ids[1]) + .negation(of: ids[0])
                let negations = [
                    try maker.delta("alice", .negation(of: ids[0])), try maker.delta("bob", both),
                    try maker.delta("alice", .negation(of: ids[0])),
                    try maker.delta(
                        "carol",
                        [Pointer("x", entity: Text(ids[2].description), targetContext: "negated_by")]
                    ),
                ]
                let stored = try await log.append(targets + negations.reversed(), cursors: [:])
                let words = Dictionary(
                    uniqueKeysWithValues: stored.map { stored in
                        let moment = WordMoment(time: stored.delta.header.timeCreated, id: stored.id)
                        return (stored.id, Word(moment: moment, position: stored.position))
                    }
                )
                let wanted = negations.compactMap { words[$0.delta.id] }
                let keys = try ["alice", "bob", "carol"].map { try maker.author($0) }
                try await log.read { snapshot in
                    let authors = try keys.map { try #require(try snapshot.author($0)) }
                    func found(_ author: Int, _ id: Int, before word: Word? = nil, limit: Int = 9) throws -> [Word] {
                        try snapshot.negations(of: ids[id], by: authors[author], before: word, limit: limit)
                    }
                    func prefixes(_ author: Int, limit: Int = 9) throws -> [UInt64] {
                        try snapshot.negatedPrefixes(by: authors[author], limit: limit)
                    }
                    #expect(try prefixes(0) == [ids[0].bytes.prefix64, ids[0].bytes.prefix64])
                    #expect(try prefixes(0, limit: 1) == [ids[0].bytes.prefix64])
                    #expect(try Set(prefixes(1)) == [ids[0].bytes.prefix64, ids[1].bytes.prefix64])
                    #expect(try prefixes(2).isEmpty)
                    #expect(try found(0, 0) == [wanted[2], wanted[0]])
                    #expect(try found(0, 0, limit: 1) == [wanted[2]])
                    #expect(try found(0, 0, before: wanted[2]) == [wanted[0]])
                    #expect(try found(0, 0, before: wanted[0]).isEmpty)
                    #expect(try found(0, 1).isEmpty)
                    #expect(try found(1, 0) == [wanted[1]])
                    #expect(try found(1, 1) == [wanted[1]])
                    #expect(try found(2, 2).isEmpty)
                }
            }
        },
        DeltaLogRule("what each author refers to is listed by local context, in the order of bytes, page after page") {
            lend in
            try await lend { log in
                try await withSeedAsync { generator in
                    var names: Set<Text> = ["a", "a\0b", "a\0", "é", "e\u{301}", "z", "\u{ffff}", "\u{10000}"]
                    for number in 0..<200 { names.insert(Text("user-\(number)")) }
                    var maker = DeltaMaker()
                    var batch: [AdmittedDelta] = []
                    var bobs: Set<Text> = []
                    for name in names.shuffled(using: &generator) {
                        let pointers = [
                            Pointer("user", entity: name, targetContext: "name"),
                            Pointer("other", entity: "other", targetContext: "user"),
                            Pointer("value", .text("no entity")),
                        ]
                        batch.append(try maker.delta("alice", pointers))
                        if Bool.random(using: &generator) {
                            batch.append(try maker.delta("bob", [Pointer("user", entity: name, targetContext: "x")]))
                            bobs.insert(name)
                        }
                    }
                    _ = try await log.append(Array(batch.prefix(50)), cursors: [:])
                    _ = try await log.append(batch, cursors: [:])
                    let (alice, bob, all) = (names.sorted(), bobs.sorted(), names.union(["other"]).sorted())
                    #expect(Set(try await log.entities(referredToBy: "user")) == [alice, bob])
                    #expect(Set(try await log.entities(referredToBy: nil)) == [all, bob])
                    #expect(try await log.entities(referredToBy: "other") == [["other"]])
                    #expect(try await log.entities(referredToBy: "name").isEmpty)
                    #expect(try await log.entities(referredToBy: "value").isEmpty)
                    let key = try maker.author("alice")
                    try await log.read { snapshot in
                        let author = try #require(try snapshot.author(key))
                        let (user, other) = (try snapshot.context("user"), try snapshot.context("other"))
                        #expect(
                            try snapshot.entities(referredToBy: author, by: user, after: "a", limit: 1) == ["a\0"]
                        )
                        #expect(
                            try snapshot.entities(referredToBy: author, by: nil, after: "a\0b", limit: 3)
                                == Array(all.drop { $0 <= "a\0b" }.prefix(3))
                        )
                        #expect(
                            try snapshot.entities(referredToBy: author, by: user, after: alice.last, limit: 3).isEmpty
                        )
                        #expect(try snapshot.refers(author, to: "a\0", by: #require(user)))
                        #expect(try !snapshot.refers(author, to: "a\0", by: #require(other)))
                        #expect(try !snapshot.refers(author, to: "absent", by: #require(user)))
                    }
                }
            }
        },
        DeltaLogRule("what was said of an entity is found by author and role, in the order of time, from both ends") {
            lend in
            try await lend { log in
                try await withSeedAsync { generator in
                    var maker = DeltaMaker()
                    var batch: [AdmittedDelta] = []
                    for number in 0..<300 {
                        let property: Text = Bool.random(using: &generator) ? "name" : "age"
                        var pointers = [
                            Pointer(
                                Bool.random(using: &generator) ? "user" : "film",
                                entity: "e",
                                targetContext: property
                            )
                        ]
                        // Many local contexts: some are of one class.
                        for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                            let localContext = Text("c\(Int.random(in: 0..<99, using: &generator))")
                            pointers.append(Pointer(localContext, entity: "e", targetContext: property))
                        }
                        if Int.random(in: 0..<3, using: &generator) > 0 {
                            pointers.append(Pointer("name", .integer(Int64(number))))
                        }
                        let author = ["ann", "bob", "ann", "ann", "carol"].randomElement(using: &generator) ?? ""
                        batch.append(try maker.delta(author, pointers))
                    }
                    let stored = try await log.append(batch.shuffled(using: &generator), cursors: [:])
                    let bob = try maker.author("bob")
                    let middle = batch[150].delta.header.timeCreated
                    try await log.read { snapshot in
                        #expect(snapshot.position == 300)
                        #expect(try snapshot.entity("absent") == nil)
                        #expect(try snapshot.context("absent") == nil)
                        let entity = try #require(try snapshot.entity("e"))
                        func streams(
                            on properties: [Int64]? = nil,
                            by isRead: (Int64) throws -> Bool = { _ in true }
                        ) throws -> [StreamEnd] {
                            var streams: [StreamEnd] = []
                            try snapshot.forEachStream(of: entity, on: properties, by: isRead) { end in
                                streams.append(end)
                                return true
                            }
                            return streams
                        }
                        let all = try streams()
                        var expected: [WordStream: Set<Word>] = [:]
                        for stored in stored {
                            let delta = stored.delta
                            let author = try #require(try snapshot.author(delta.author))
                            #expect(try snapshot.key(of: author) == delta.author)
                            #expect(try snapshot.position(of: delta.id) == stored.position)
                            let held = try snapshot.delta(at: stored.position)
                            #expect(held.id == delta.id && held.author == delta.author && held.body == delta.body)
                            #expect(held.sequence == delta.header.sequence)
                            #expect(held.timeCreated == delta.header.timeCreated)
                            for reference in delta.body.references {
                                let property = try #require(try snapshot.context(reference.property))
                                #expect(try snapshot.name(ofContext: property) == reference.property)
                                let role = WordRole(
                                    property: property,
                                    localContext: reference.localContext,
                                    hasValue: reference.hasValue
                                )
                                let stream = WordStream(entity: entity, author: author, role: role)
                                let moment = WordMoment(time: delta.header.timeCreated, id: delta.id)
                                expected[stream, default: []].insert(Word(moment: moment, position: stored.position))
                            }
                        }
                        #expect(Set(all.map(\.stream)) == Set(expected.keys) && all.count == expected.count)
                        let number = try #require(try snapshot.author(bob))
                        #expect(try streams { $0 != number } == all.filter { $0.stream.author != number })
                        let properties = try ["name", "age"].map { try #require(try snapshot.context($0)) }
                        for chosen in [[properties[0]], [properties[1]], [1 << 40], properties.sorted(), []] {
                            let expected = all.filter { chosen.contains($0.stream.role.property) }
                            #expect(try streams(on: chosen) == expected)
                            #expect(
                                try streams(on: chosen) { $0 == number }
                                    == expected.filter { $0.stream.author == number }
                            )
                        }
                        var first: [StreamEnd] = []
                        try snapshot.forEachStream(of: entity, on: nil, by: { _ in true }) { end in
                            first.append(end)
                            return first.count < 3
                        }
                        #expect(first == Array(all.prefix(3)))
                        for end in all {
                            let words = try #require(expected[end.stream]).sorted()
                            #expect(end.last == words.last)
                            #expect(try snapshot.words(of: end.stream, before: nil, limit: 500) == words.reversed())
                            #expect(try snapshot.words(of: end.stream, after: nil, limit: 500) == words)
                            let bound = Word(moment: try #require(WordMoment.after(middle)), position: 0)
                            let before = words.filter { $0 < bound }
                            #expect(
                                try snapshot.words(of: end.stream, before: bound, limit: 3)
                                    == Array(before.reversed().prefix(3))
                            )
                            var positions: [Int64] = []
                            try snapshot.forEachDelta(of: end.stream, before: bound) { delta in
                                positions.append(delta.position)
                                #expect(delta.id == stored[Int(delta.position) - 1].id)
                                return positions.count < 5
                            }
                            #expect(positions == before.reversed().prefix(5).map(\.position))
                            #expect(end.isTied == (words.dropLast().last?.moment == words.last?.moment))
                            #expect(
                                try snapshot.words(of: end.stream, after: words[0], limit: 3)
                                    == Array(words.dropFirst().prefix(3))
                            )
                            let held = before.filter { $0.position <= 200 }.count
                            #expect(
                                try snapshot.count(of: end.stream, before: bound, upTo: 200, limit: 500) == Int64(held)
                            )
                            #expect(
                                try snapshot.count(of: end.stream, before: nil, upTo: 300, limit: 2)
                                    == Int64(min(2, words.count))
                            )
                        }
                    }
                }
            }
        },
    ]
}
