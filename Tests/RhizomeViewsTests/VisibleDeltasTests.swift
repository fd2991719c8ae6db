import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import SignedStatements
import Testing

@Suite struct VisibleDeltasTests {
    private let moderated = Perspective(moderators: [Fixture.author("mod")])

    // MARK: - Steps 1 and 2

    @Test("deltas that trust keeps out are seen by no later step")
    func excluded() {
        let deltas = [
            Fixture.write("a", by: "ann", at: 1, "name", .text("Ann")),
            Fixture.write("b", by: "bob", at: 2, "name", .text("Bob")),
        ]
        let bob = Fixture.author("bob")
        #expect(lossy(deltas) == #"{"id":"e","properties":{"name":"Bob"}}"#)
        #expect(
            lossy(deltas, as: Perspective { $0.author == bob }) == #"{"id":"e","properties":{"name":"Ann"}}"#
        )
        #expect(lossy(deltas, as: Perspective { _ in true }) == nil)
    }

    @Test("as of a moment, deltas of that very moment are in and later ones out")
    func asOf() {
        let deltas = [
            Fixture.write("a", at: 10, "name", .text("old")), Fixture.write("b", at: 20, "name", .text("new")),
        ]
        #expect(lossy(deltas, as: Perspective(asOf: 9)) == nil)
        #expect(lossy(deltas, as: Perspective(asOf: 10)) == #"{"id":"e","properties":{"name":"old"}}"#)
        #expect(lossy(deltas, as: Perspective(asOf: 19)) == #"{"id":"e","properties":{"name":"old"}}"#)
        #expect(lossy(deltas, as: Perspective(asOf: 20)) == #"{"id":"e","properties":{"name":"new"}}"#)
    }

    // MARK: - Transactions

    @Test("members show once there are as many as the size says, in whatever order they came")
    func transaction() {
        let deltas = [
            Fixture.size("t", at: 1, of: "T", .integer(2)),
            Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"]),
            Fixture.write("b", at: 3, "age", .integer(30), in: ["T"]),
        ]
        for left in 0..<deltas.count {
            var some = deltas
            some.remove(at: left)
            #expect(lossy(some) == nil)
            let visible = VisibleDeltas(among: some, seenAs: Perspective())
            #expect(!visible.isComplete("e"))
        }
        for order in permutations(deltas) {
            #expect(lossy(order) == #"{"id":"e","properties":{"age":30,"name":"Ann"}}"#)
            #expect(VisibleDeltas(among: order, seenAs: Perspective()).isComplete("e"))
        }
    }

    @Test("a member that comes twice counts once, and one that names the transaction twice too")
    func distinctMembers() {
        let size = Fixture.size("t", at: 1, of: "T", .integer(2))
        let member = Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T", "T"])
        #expect(lossy([size, member, member]) == nil)
    }

    @Test("more members than the size show too; size 0 needs none")
    func tooMany() {
        let member = Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"])
        for size in [Value.integer(0), .integer(1)] {
            #expect(lossy([Fixture.size("t", at: 1, of: "T", size), member]) != nil)
        }
    }

    @Test(
        "a size that is no integer of 0 or more hides the members",
        arguments: [
            .integer(-1), .float(0.5), .text("1"), .null, .bool(true), .integer(.max),
        ] as [Value]
    )
    func badSize(size: Value) {
        let member = Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"])
        #expect(lossy([Fixture.size("t", at: 1, of: "T", size), member]) == nil)
    }

    @Test("without a size delta, or with one by another author, members stay hidden")
    func noSize() {
        let member = Fixture.write("a", by: "ann", at: 2, "name", .text("Ann"), in: ["T"])
        #expect(lossy([member]) == nil)
        #expect(lossy([member, Fixture.size("t", by: "bob", at: 1, of: "T", .integer(1))]) == nil)
        #expect(lossy([member, Fixture.size("t", by: "ann", at: 1, of: "T", .integer(1))]) != nil)
    }

    @Test("another author's members don't count")
    func oneAuthor() {
        let deltas = [
            Fixture.size("t", by: "ann", at: 1, of: "T", .integer(2)),
            Fixture.write("a", by: "ann", at: 2, "name", .text("Ann"), in: ["T"]),
            Fixture.write("b", by: "bob", at: 3, "age", .integer(30), in: ["T"]),
        ]
        #expect(lossy(deltas) == nil)
    }

    @Test("of several size deltas the one with the greatest (timeCreated, id) is meant, right or wrong")
    func lastSize() {
        let member = Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"])
        let two = Fixture.size("t1", at: 1, of: "T", .integer(2))
        let one = Fixture.size("t2", at: 1, of: "T", .integer(1))
        let wrong = Fixture.size("t3", at: 3, of: "T", .text("?"))
        for order in permutations([member, two, one]) { #expect(lossy(order) != nil) }
        for order in permutations([member, two, one, wrong]) { #expect(lossy(order) == nil) }
        #expect(lossy([member, two, one, wrong], as: Perspective(asOf: 2)) != nil)
    }

    @Test("a member of several transactions needs all of them")
    func severalTransactions() {
        let deltas = [
            Fixture.size("t", at: 1, of: "T", .integer(1)),
            Fixture.size("u", at: 1, of: "U", .integer(2)),
            Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T", "U"]),
        ]
        #expect(lossy(deltas) == nil)
        #expect(lossy(deltas + [Fixture.write("b", at: 3, "age", .integer(1), in: ["U"])]) != nil)
    }

    @Test("a negated member counts, and so does one that another transaction hides")
    func negatedMember() {
        let deltas = [
            Fixture.size("t", at: 1, of: "T", .integer(2)),
            Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"]),
            Fixture.write("b", at: 3, "age", .integer(30), in: ["T"]),
            Fixture.negation("n", at: 4, of: "b"),
        ]
        #expect(lossy(deltas) == #"{"id":"e","properties":{"name":"Ann"}}"#)
        let hidden = [deltas[0], deltas[1], Fixture.write("b", at: 3, "age", .integer(30), in: ["T", "U"])]
        #expect(lossy(hidden) == #"{"id":"e","properties":{"name":"Ann"}}"#)
    }

    @Test("half a transaction is seen as of a moment within it by nobody")
    func asOfWithin() {
        let deltas = [
            Fixture.write("o", at: 0, "name", .text("before")),
            Fixture.size("t", at: 1, of: "T", .integer(2)),
            Fixture.write("a", at: 2, "name", .text("Ann"), in: ["T"]),
            Fixture.write("b", at: 3, "age", .integer(30), in: ["T"]),
        ]
        for moment in [0, 1, 2] as [Timestamp] {
            #expect(lossy(deltas, as: Perspective(asOf: moment)) == #"{"id":"e","properties":{"name":"before"}}"#)
        }
        #expect(lossy(deltas, as: Perspective(asOf: 3)) == #"{"id":"e","properties":{"age":30,"name":"Ann"}}"#)
    }

    // MARK: - Negation

    @Test("an author takes back its own delta, and the one before shows again")
    func ownNegation() {
        let deltas = [
            Fixture.write("a", at: 1, "name", .text("old")), Fixture.write("b", at: 2, "name", .text("new")),
            Fixture.negation("n", at: 3, of: "b"),
        ]
        for order in permutations(deltas) { #expect(lossy(order) == #"{"id":"e","properties":{"name":"old"}}"#) }
        #expect(VisibleDeltas(among: deltas, seenAs: Perspective()).negated == [Fixture.id("b")])
        #expect(lossy([deltas[1], deltas[2]]) == nil)
    }

    @Test("another author's negation counts only where a moderator made it")
    func moderators() {
        let delta = Fixture.write("a", at: 1, "name", .text("Ann"))
        let byMod = Fixture.negation("n", by: "mod", at: 2, of: "a")
        #expect(lossy([delta, byMod]) != nil)
        #expect(lossy([delta, byMod], as: moderated) == nil)
        #expect(lossy([delta, Fixture.negation("n", by: "bob", at: 2, of: "a")], as: moderated) != nil)
    }

    @Test("what an author took back no moderator brings back, though the author does")
    func withdrawal() {
        let withdrawn = [Fixture.write("a", at: 1, "name", .text("Ann")), Fixture.negation("n", at: 2, of: "a")]
        #expect(lossy(withdrawn + [Fixture.negation("m", by: "mod", at: 3, of: "n")], as: moderated) == nil)
        #expect(lossy(withdrawn + [Fixture.negation("m", by: "ann", at: 3, of: "n")], as: moderated) != nil)
        // A moderator's negation of another's delta can be negated by other moderators.
        let perspective = Perspective(moderators: [Fixture.author("mod"), Fixture.author("mod2")])
        let moderation = [
            Fixture.write("a", at: 1, "name", .text("Ann")), Fixture.negation("n", by: "mod", at: 2, of: "a"),
        ]
        #expect(lossy(moderation, as: perspective) == nil)
        #expect(lossy(moderation + [Fixture.negation("m", by: "mod2", at: 3, of: "n")], as: perspective) != nil)
        #expect(lossy(moderation + [Fixture.negation("m", by: "ann", at: 3, of: "n")], as: perspective) == nil)
    }

    @Test("a negation that is hidden with its transaction does nothing")
    func hiddenNegation() {
        let delta = Fixture.write("a", at: 1, "name", .text("Ann"))
        let negation = Fixture.delta(
            "n",
            at: 2,
            .negation(of: Fixture.id("a")) + [Pointer("_transaction", entity: "T", targetContext: "deltas")]
        )
        let size = Fixture.size("t", at: 3, of: "T", .integer(1))
        #expect(lossy([delta, negation]) != nil)
        #expect(lossy([delta, negation, size]) == nil)
    }

    @Test(
        "what is no pointer to a delta's id negates nothing",
        arguments: [
            Pointer("_negates", .text("")), Pointer("_negates", entity: "nobody", targetContext: "negated_by"),
            Pointer("negates", entity: Text(Fixture.id("o").description), targetContext: "negated_by"),
            Pointer("_negates", entity: Text(Fixture.id("o").description), targetContext: "name"),
            Pointer("_negates", entity: Text(Fixture.id("o").description.uppercased()), targetContext: "negated_by"),
            Pointer("_negates", entity: Text(Fixture.id("o").description + " "), targetContext: "negated_by"),
            Pointer("_negates", .text(Text(Fixture.id("o").description))),
        ]
    )
    func noNegation(pointer: Pointer) {
        #expect(lossy([Fixture.write("o", at: 1, "name", .text("Ann")), Fixture.delta("n", at: 2, [pointer])]) != nil)
    }

    @Test("a chain of 10,000 negations is worked out in any order", arguments: [true, false])
    func longChain(isShuffled: Bool) {
        withSeed { random in
            for length in [9_999, 10_000] {
                var deltas = [Fixture.write("0", at: 0, "name", .text("Ann"))]
                for index in 1...length {
                    deltas.append(Fixture.negation("\(index)", at: Timestamp(index), of: "\(index - 1)"))
                }
                if isShuffled { deltas.shuffle(using: &random) }
                #expect((lossy(deltas) == nil) == !length.isMultiple(of: 2))
            }
        }
    }

    @Test("a circle of negations, which hashes rule out, ends too")
    func circle() {
        let deltas = [
            Fixture.write("a", at: 1, "name", .text("Ann")),
            Fixture.negation("m", at: 2, of: "n", "a"), Fixture.negation("n", at: 3, of: "m"),
        ]
        for order in permutations(deltas) { #expect(lossy(order) != nil) }
    }

    // MARK: - Everything together

    @Test("the same set of deltas gives the same bytes, in whatever order and however often they come")
    func orderIndependence() {
        withSeed { random in
            for _ in 0..<300 {
                let deltas = randomDeltas(using: &random)
                let moderators = Set(
                    ["ann", "bob", "mod"].filter { _ in Bool.random(using: &random) }.map(Fixture.author)
                )
                let perspective = Perspective(
                    asOf: Bool.random(using: &random) ? Timestamp.random(in: 0..<30, using: &random) : nil,
                    moderators: moderators
                )
                let expected = VisibleDeltas(among: deltas, seenAs: perspective)
                for _ in 0..<5 {
                    var others = deltas + deltas.prefix(Int.random(in: 0...deltas.count, using: &random))
                    others.shuffle(using: &random)
                    let visible = VisibleDeltas(among: others, seenAs: perspective)
                    #expect(visible.deltas == expected.deltas)
                    #expect(visible.negated == expected.negated)
                    #expect(EntityView(of: "e", in: visible) == EntityView(of: "e", in: expected))
                    #expect(visible.changes(of: "e") == expected.changes(of: "e"))
                }
                #expect(expected.negated == negatedByDefinition(among: expected.deltas, moderators: moderators))
            }
        }
    }

    /// The rule as views.md words it, word by word and slowly.
    private func negatedByDefinition(among deltas: [ViewedDelta], moderators: Set<PublicKey>) -> Set<DeltaID> {
        let byID = Dictionary(uniqueKeysWithValues: deltas.map { ($0.id, $0) })
        func isNegated(_ delta: ViewedDelta) -> Bool {
            deltas.contains { other in
                guard other.negates.contains(delta.id) else { return false }
                let isOwn = other.author == delta.author
                guard isOwn || moderators.contains(other.author) else { return false }
                let withdraws = delta.negates.contains { byID[$0]?.author == delta.author }
                guard isOwn || !withdraws else { return false }
                return !isNegated(other)
            }
        }
        return Set(deltas.filter(isNegated).map(\.id))
    }

    private func randomDeltas(using random: inout SeededGenerator) -> [ViewedDelta] {
        let authors = ["ann", "bob", "mod"]
        return (0..<Int.random(in: 1..<25, using: &random)).map { index in
            let author = authors.randomElement(using: &random) ?? ""
            let time = Timestamp.random(in: 0..<20, using: &random)
            let transaction: Text = Bool.random(using: &random) ? "T" : "U"
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                return Fixture.size(
                    "\(index)",
                    by: author,
                    at: time,
                    of: transaction,
                    .integer(.random(in: 0..<4, using: &random))
                )
            case 1:
                return Fixture.write(
                    "\(index)",
                    by: author,
                    at: time,
                    "name",
                    .integer(Int64(index)),
                    in: [transaction]
                )
            case 2: return Fixture.write("\(index)", by: author, at: time, "age", .integer(Int64(index)))
            default:
                // Only earlier ones can be named: ids are hashes.
                guard index > 0 else { return Fixture.write("0", by: author, at: time, "name", .null) }
                let targets = (0..<2).map { _ in "\(Int.random(in: 0..<index, using: &random))" }
                let negation = Fixture.negation("\(index)", by: author, at: time, of: targets[0], targets[1])
                guard Int.random(in: 0..<4, using: &random) == 0 else { return negation }
                return Fixture.delta(
                    "\(index)",
                    by: author,
                    at: time,
                    negation.pointers + [Pointer("_transaction", entity: transaction, targetContext: "deltas")]
                )
            }
        }
    }
}

/// All orders of some items.
func permutations<Element>(_ items: [Element]) -> [[Element]] {
    guard items.count > 1 else { return [items] }
    return items.indices.flatMap { index in
        var others = items
        let first = others.remove(at: index)
        return permutations(others).map { [first] + $0 }
    }
}
