import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

@Suite struct ResolverTests {
    /// The least float above 0, 2^-1074.
    private static let tiny = Double.leastNonzeroMagnitude

    /// What a resolver makes of values that one author asserted, one µs after the other.
    private func resolve(_ resolver: StandardResolver, _ values: [Value]) -> JSONValue? {
        resolver.resolver().resolve(values.enumerated().map { assertion($1, at: Timestamp($0)) })
    }

    private func assertion(_ value: Value, by author: String = "ann", at time: Timestamp) -> Assertion {
        Assertion(value: value, delta: Fixture.write("\(author)\(time)", by: author, at: time, "name", value))
    }

    @Test("the names are those of views.md's table")
    func names() {
        #expect(
            StandardResolver.allCases.map(\.rawValue) == [
                "last-write-wins", "first-write-wins", "min", "max", "sum", "average", "count", "majority", "all",
                "concat", "by-rank", "by-author",
            ]
        )
        #expect(StandardResolver(rawValue: "lastWriteWins") == nil)
    }

    @Test("where there is only null, four resolvers show it, count gives 0, and the others nothing")
    func null() {
        for resolver in StandardResolver.allCases {
            let expected: JSONValue? =
                switch resolver {
                case .lastWriteWins, .firstWriteWins, .byRank: .null
                case .byAuthor: .object([Text(Fixture.author("ann").did): .null])
                case .count: 0
                default: nil
                }
            #expect(resolve(resolver, [.null]) == expected)
            #expect(resolve(resolver, []) == nil)
        }
    }

    @Test(
        "null takes no part where it isn't shown, nor what isn't a number where numbers are reduced",
        arguments: [
            (.min, -3), (.max, 4), (.sum, 1), (.average, .float(0.5)), (.count, 2), (.majority, "b"),
            (.all, ["a", true, 4, -3, "b"]), (.concat, "a b"), (.lastWriteWins, .null), (.firstWriteWins, "a"),
        ] as [(StandardResolver, JSONValue)]
    )
    func mixed(resolver: StandardResolver, expected: JSONValue) {
        let values: [Value] = [
            .text("a"), .null, .bool(true), .integer(4), .integer(-3), .null, .text("b"), .text("b"), .null,
        ]
        #expect(resolve(resolver, values) == expected)
    }

    @Test("the extremes compare integers and floats exactly; of equals the integer has the lesser bytes")
    func extremes() {
        let edge = Value.integer(9_223_372_036_854_775_807)
        #expect(resolve(.max, [edge, .float(0x1p63)]) == .float(0x1p63))
        #expect(resolve(.min, [.float(0x1p63), edge]) == edge.json)
        #expect(resolve(.min, [.integer(.min), .float(-0x1.0000000000001p63)]) == .float(-0x1.0000000000001p63))
        #expect(
            resolve(.max, [.integer(9_007_199_254_740_993), .float(0x1.0000000000001p53)])
                == .float(0x1.0000000000001p53)
        )
        #expect(resolve(.max, [.float(2.5), .integer(2), .float(-2.5)]) == .float(2.5))
        #expect(resolve(.min, [.float(-2.5), .integer(-2), .integer(-3)]) == -3)
        for (integer, float) in [(Int64(1) << 60, 0x1p60), (.min, -0x1p63)] {
            for values in permutations([Value.integer(integer), .float(float)]) {
                #expect(resolve(.max, values) == .integer(integer))
                #expect(resolve(.min, values) == .integer(integer))
            }
        }
    }

    /// Computed with exact fractions by another program: numbers, their sum, their average.
    private static let totals: [([Double], JSONValue?, JSONValue?)] = [
        (Array(repeating: 0.1, count: 10), 1, .float(0.1)),
        ([0.1, 0.2, 0.3], .float(0.6), .float(0.2)),
        ([0.5, 0.5], 1, .float(0.5)),
        ([1, 2, 2], 5, .float(1.666_666_666_666_666_7)),
        ([1e16, 1.5, -1e16], .float(1.5), .float(0.5)),
        ([1e300, 1, -1e300], 1, .float(0.333_333_333_333_333_3)),
        ([1e308, 1e308], nil, .float(1e308)),
        ([-1e308, -1e308], nil, .float(-1e308)),
        ([1e308, 1e308, -1e308], .float(1e308), .float(3.333333333333333e307)),
        ([.greatestFiniteMagnitude, 0x1p970], nil, .float(0x1p1023)),
        (
            [.greatestFiniteMagnitude, 0x1.fffffffffffffp969], .float(.greatestFiniteMagnitude),
            .float(0x1.fffffffffffffp1022)
        ),
        ([tiny, tiny], .float(2 * tiny), .float(tiny)),
        ([tiny, 0, 0], .float(tiny), 0),
        ([tiny, -0.5, 0.5], .float(tiny), 0),
        ([.leastNormalMagnitude, -tiny], .float(Double.leastNormalMagnitude.nextDown), .float(0x1p-1023)),
    ]

    @Test("sum and average are the true ones, rounded once", arguments: totals)
    func exact(numbers: [Double], sum: JSONValue?, average: JSONValue?) {
        let values = numbers.compactMap(Value.number)
        #expect(resolve(.sum, values) == sum)
        #expect(resolve(.average, values) == average)
        #expect(resolve(.sum, values.reversed()) == sum)
    }

    @Test("sums of integers are integers within Int64, and rounded once beyond")
    func integers() {
        #expect(resolve(.sum, [.integer(.max), .integer(1)]) == .float(0x1p63))
        #expect(resolve(.average, [.integer(.max), .integer(1)]) == .integer(1 << 62))
        #expect(resolve(.sum, [.integer(.max), .integer(.min)]) == -1)
        #expect(resolve(.average, [.integer(.max), .integer(.min)]) == .float(-0.5))
        #expect(resolve(.sum, [.integer(.min), .integer(-1)]) == .float(-0x1p63))
        #expect(resolve(.sum, [.integer(.min), .integer(-1), .float(0.5), .float(0.5)]) == .integer(.min))
        #expect(resolve(.sum, [.integer(9_007_199_254_740_993), .float(0.5)]) == .float(9_007_199_254_740_994))
        #expect(resolve(.sum, [.integer(9_007_199_254_740_993), .integer(2)]) == .integer(9_007_199_254_740_995))
        #expect(resolve(.sum, [.integer(1 << 62), .integer(1 << 62), .float(-1.5)]) == .float(0x1p63))
    }

    @Test("the sum of two floats is the processor's, the average of equal ones is that one")
    func hardware() {
        withSeed { random in
            for _ in 0..<500 {
                // Near exponents meet, far ones don't: half of the pairs are close.
                let first = Double(bitPattern: random.next())
                var second = Double(bitPattern: random.next())
                if Bool.random(using: &random), first.isFinite {
                    second = Double(
                        sign: second.sign,
                        exponentBitPattern: first.exponentBitPattern,
                        significandBitPattern: second.significandBitPattern
                    )
                }
                guard let left = Value.number(first), let right = Value.number(second) else { continue }
                let sum = first + second
                let expected = integerSum(first, second, sum).map { .integer($0) } ?? JSONValue.number(sum)
                #expect(resolve(.sum, [left, right]) == expected, "\(random.seed): \(first) + \(second)")
                let average = resolve(.average, [left, left, left])
                #expect(average == Int64(exactly: first).map { .integer($0) } ?? left.json, "\(random.seed): \(first)")
            }
        }
    }

    /// The true sum where it is an integer within Int64: also one of whole floats that has no float of its own.
    private func integerSum(_ first: Double, _ second: Double, _ sum: Double) -> Int64? {
        if max(abs(first), abs(second)) < 0x1p100, let first = Int128(exactly: first),
            let second = Int128(exactly: second)
        {
            return Int64(exactly: first + second)
        }
        // Knuth's two-sum: what the processor's addition lost.
        let part = sum - first
        let lost = (first - (sum - part)) + (second - part)
        return lost == 0 ? Int64(exactly: sum) : nil
    }

    @Test("a tie of majorities goes to the value that was asserted last")
    func majority() {
        #expect(resolve(.majority, [.text("a"), .text("b"), .text("b"), .text("a")]) == "a")
        #expect(resolve(.majority, [.text("a"), .text("b"), .text("b"), .text("a"), .text("b")]) == "b")
        #expect(resolve(.majority, [.text("\u{e9}"), .text("e\u{301}"), .text("\u{e9}")]) == "\u{e9}")
        let tie = ["x", "y"].map {
            Assertion(value: .text(Text($0)), delta: Fixture.write($0, at: 1, "name", .text(Text($0))))
        }
        for order in permutations(tie) { #expect(Majority().resolve(order) == "y") }
    }

    @Test("by-rank takes the last write of whoever stands first; those who aren't named rank last, together")
    func byRank() {
        let assertions = [
            assertion(.text("old"), by: "bob", at: 1), assertion(.text("new"), by: "bob", at: 2),
            assertion(.text("cid"), by: "cid", at: 3), assertion(.text("dan"), by: "dan", at: 4),
        ]
        func resolve(_ names: String...) -> JSONValue? {
            StandardResolver.byRank.resolver(ranking: names.map(Fixture.author)).resolve(assertions)
        }
        #expect(resolve("bob", "cid") == "new")
        #expect(resolve("cid", "bob") == "cid")
        #expect(resolve("eve", "cid", "eve", "bob") == "cid")
        #expect(resolve("eve") == "dan")
        #expect(resolve() == "dan")
    }

    @Test("by-author tells each author's last value, null too, by the bytes of the dids")
    func byAuthor() throws {
        let assertions = [
            assertion(.integer(1), by: "bob", at: 1), assertion(.null, by: "bob", at: 2),
            assertion(.integer(3), by: "cid", at: 3),
        ]
        let members = try #require(ByAuthor().resolve(assertions)?.object?.members)
        #expect(members.map(\.name) == members.map(\.name).sorted())
        #expect(
            Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) }) == [
                Text(Fixture.author("bob").did): .null, Text(Fixture.author("cid").did): 3,
            ]
        )
    }

    @Test("every resolver gives the same bytes in any order and grouping, and for what is given twice")
    func orderAndGrouping() {
        withSeed { random in
            for _ in 0..<60 {
                let deltas = randomDeltas(using: &random)
                let ranking = ["bob", "ann"].map(Fixture.author)
                for standard in StandardResolver.allCases {
                    let resolver = standard.resolver(ranking: ranking)
                    let expected = view(deltas, resolver)
                    for _ in 0..<4 {
                        let twice = (deltas + deltas.shuffled(using: &random).prefix(5)).shuffled(using: &random)
                        #expect(view(twice, resolver) == expected, "\(random.seed): \(standard)")
                    }
                    let visible = VisibleDeltas(among: deltas, seenAs: Perspective())
                    for (property, assertions) in visible.assertions(about: "e") {
                        let value = expected?.properties[property]
                        let grouped = grouped(assertions.shuffled(using: &random), by: resolver, using: &random)
                        #expect(grouped == value, "\(random.seed): \(standard)")
                    }
                }
            }
        }
    }

    private func view(_ deltas: [ViewedDelta], _ resolver: any Resolver) -> EntityView? {
        EntityView(of: "e", in: VisibleDeltas(among: deltas, seenAs: Perspective())) { _ in resolver }
    }

    /// Combines what lies side by side until one state is left, in a random grouping.
    private func grouped<Reduction: Resolver>(
        _ assertions: [Assertion],
        by resolver: Reduction,
        using random: inout SeededGenerator
    ) -> JSONValue? {
        var states = assertions.map(resolver.state)
        while states.count > 1 {
            let index = Int.random(in: 0..<states.count - 1, using: &random)
            let second = states.remove(at: index + 1)
            states[index] =
                Bool.random(using: &random)
                ? resolver.combine(states[index], second) : resolver.combine(second, states[index])
        }
        return states.first.flatMap { resolver.value(of: $0) }
    }

    /// Up to 14 assertions by three authors at few moments, so that ties are common.
    private func randomDeltas(using random: inout SeededGenerator) -> [ViewedDelta] {
        let values: [Value] = [
            .null, .bool(true), .integer(1), .integer(.max), .integer(1 << 60), .float(0x1p60), .float(0.1),
            .float(-1e308), .float(1e308), .float(Self.tiny), .text("a"), .text("b"), .text(""),
        ]
        return (0..<Int.random(in: 1...14, using: &random)).map { index in
            Fixture.write(
                "\(index)",
                by: ["ann", "bob", "cid"].randomElement(using: &random) ?? "ann",
                at: Timestamp.random(in: 1...3, using: &random),
                ["p", "q"].randomElement(using: &random) ?? "p",
                values.randomElement(using: &random) ?? .null
            )
        }
    }
}
