import CommandSupport
import Testing

@Suite struct TerminalTextTests {
    @Test(
        "nothing that moves a cursor, hides or changes direction reaches a terminal",
        arguments: [
            ("a\nb", "a\\nb"), ("\u{1b}[31mred", "\\u{1b}[31mred"), ("\u{9b}2J", "\\u{9b}2J"), ("\u{7f}", "\\u{7f}"),
            ("\u{202e}abc", "\\u{202e}abc"), ("\u{2066}x", "\\u{2066}x"), ("a\u{200b}b", "a\\u{200b}b"),
            ("\u{feff}", "\\u{feff}"), ("\u{2028}", "\\u{2028}"), ("\u{e0041}", "\\u{e0041}"), ("\\n", "\\\\n"),
            ("\r", "\\r"), ("\t", "\\t"), ("héllo 水", "héllo 水"), ("\u{34f}", "\\u{34f}"),
        ]
    )
    func escaping(text: String, expected: String) {
        #expect(TerminalText.escaped(text).unicodeScalars.elementsEqual(expected.unicodeScalars))
    }

    @Test("long texts are cut at 512 bytes, between scalars")
    func cutting() {
        let long = TerminalText.escaped(String(repeating: "水", count: 1000))
        #expect(long.hasSuffix("…"))
        #expect(long.dropLast().utf8.count == 510)
        #expect(TerminalText.escaped(String(repeating: "a", count: 512)).utf8.count == 512)
    }

    @Test("columns line up, also beside wide characters, and nothing is behind the last one")
    func aligning() {
        #expect(
            TerminalText.aligned([["a", "1", "x"], ["水", "22", "yy"], ["bcd", "", "z"]])
                == ["a    1   x", "水   22  yy", "bcd      z"]
        )
        #expect(TerminalText.aligned([]).isEmpty)
    }

    @Test(
        "a time is told in one unit",
        arguments: [
            (-1, "in the future"), (59, "59 s ago"), (60, "1 min ago"), (3_600, "1 h ago"), (172_799, "47 h ago"),
            (172_800, "2 days ago"),
        ]
    )
    func ago(seconds: Int64, expected: String) { #expect(TerminalText.ago(.seconds(seconds)) == expected) }
}
