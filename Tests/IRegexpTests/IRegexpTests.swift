import Bytes
import Foundation
import RhizomeTesting
import Testing

@testable import IRegexp

/// Patterns of I-Regexp (RFC 9485).
@Suite struct IRegexpTests {
    @Test(
        "a text matches as a whole, or not at all",
        arguments: [
            ("", "", true), ("", "a", false), ("abc", "abc", true), ("abc", "abcd", false), ("abc", "xabc", false),
            ("a|b", "b", true), ("a|b", "ab", false), ("a|", "", true), ("(ab|c)*d", "abcabd", true),
            ("(ab|c)*d", "abad", false), ("a?b+c*", "bb", true), ("a?b+c*", "aacc", false), ("a{3}", "aaa", true),
            ("a{3}", "aa", false), ("a{2,}", "aaaaa", true), ("a{2,}", "a", false), ("a{1,3}", "aaaa", false),
            ("a{0}", "", true), (".", "é", true), (".", "\n", false), (".", "\r", false), ("..", "e\u{301}", true),
            (".", "e\u{301}", false), ("[a-c]", "b", true), ("[^a-c]", "b", false), ("[^a-c]", "\n", true),
            ("[-a]", "-", true), ("[a-]", "-", true), ("[a\\-c]", "b", false), ("[\\]]", "]", true),
            ("[$.^]", "^", true), ("\\p{L}", "ж", true), ("\\p{Lu}", "ж", false), ("\\P{Nd}", "7", false),
            ("[\\p{L}\\p{Nd}_]+", "naïve_7", true), ("\\.", "x", false), ("\\n", "\n", true), ("\\t\\r", "\t\r", true),
            ("^a$", "^a$", true), ("a-b", "a-b", true), ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "2026-11-28", true),
            ("[^@]+@[^@]+", "ann@example.org", true), ("[^@]+@[^@]+", "ann@b@c", false), ("😀+", "😀😀", true),
        ] as [(Text, Text, Bool)]
    )
    func matches(pattern: Text, text: Text, isMatch: Bool) throws {
        #expect(try IRegexp(pattern).matches(text) == isMatch)
    }

    @Test(
        "what isn't the grammar of the RFC is refused, with the place",
        arguments: [
            ("*", 0), ("a**", 2), ("a*+", 2), ("a{", 2), ("a{,3}", 2), ("a{2", 3), ("a{3,2}", 6), ("(a", 2), ("a)", 1),
            ("[", 1), ("[]", 1), ("[a", 2), ("[a-b-c]", 5), ("[b-a]", 4), ("[[a]]", 1), ("\\", 1), ("\\d", 1),
            ("\\w", 1), ("\\b", 1), ("\\p{X}", 4), ("\\p{Cs}", 5), ("\\pL", 2), ("(?:a)", 1), ("a|*", 2), ("]", 0),
            ("}", 0), ("\\1", 1), ("\\$", 1),
        ] as [(Text, Int)]
    )
    func refused(pattern: Text, offset: Int) throws {
        let error = try #require(throws: IRegexpError.self) { try IRegexp(pattern) }
        #expect(error.code == .syntax && error.offset == offset, "\(error)")
    }

    @Test(
        "what is too large is refused",
        arguments: [
            Text(String(repeating: "a", count: 257)), "a{65}", "a{1,99999999999999999999}", "((a{64}){64}){64}",
            Text(String(repeating: "(", count: 65) + String(repeating: ")", count: 65)),
        ]
    )
    func tooLarge(pattern: Text) throws {
        #expect(try #require(throws: IRegexpError.self) { try IRegexp(pattern) }.code == .size)
    }

    @Test("nested repetitions, over which a matcher that backtracks takes years, are matched as others are")
    func isLinear() throws {
        let text = Text(String(repeating: "a", count: 20_000) + "!")
        for pattern in ["(a*)*", "(a|a)*", "(a|aa)+", "((a+)+)+", "(.*){20}b", "(a?){60}a{60}"] as [Text] {
            #expect(try !IRegexp(pattern).matches(text))
        }
    }

    /// Of small patterns over two letters, what all texts of up to six of them say, by Foundation's matcher.
    @Test("random patterns match what another program's matcher does")
    func random() throws {
        var generator = SeededGenerator()
        let seed = generator.seed
        func random(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
        func pattern(_ depth: Int) -> String {
            switch random(depth == 0 ? 3 : 8) {
            case 0: "a"
            case 1: "b"
            case 2: ["[ab]", "[^a]", "."][random(3)]
            case 3, 4: pattern(depth - 1) + pattern(depth - 1)
            case 5: "(\(pattern(depth - 1))|\(pattern(depth - 1)))"
            default: "(\(pattern(depth - 1)))" + ["*", "+", "?", "{2}", "{0,2}", "{1,}"][random(6)]
            }
        }
        let texts = (0...6).flatMap { length in
            (0..<1 << length).map { bits in String((0..<length).map { bits >> $0 & 1 == 0 ? "a" : "b" }) }
        }
        for _ in 0..<300 {
            let pattern = pattern(3)
            let own = try IRegexp(Text(pattern))
            let other = try NSRegularExpression(pattern: "\\A(?:\(pattern))\\z")
            for text in texts {
                let isMatch = other.firstMatch(in: text, range: NSRange(location: 0, length: text.utf16.count)) != nil
                #expect(own.matches(Text(text)) == isMatch, "\(pattern) on \(text), RHIZOME_TEST_SEED=\(seed)")
            }
        }
    }
}
