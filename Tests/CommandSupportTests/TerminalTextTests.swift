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
}
