import CommandSupport
import Foundation
import RhizomeTesting
import Testing

@Suite struct TimestampTests {
    @Test(
        "dates and date-times of RFC 3339 are read",
        arguments: [
            ("1970-01-01", 0), ("2027-01-01", 1_798_761_600_000_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("2027-01-01T01:00:00+01:00", 1_798_761_600_000_000), ("2026-12-31T22:30:00-01:30", 1_798_761_600_000_000),
            ("2027-01-01t00:00:00.5z", 1_798_761_600_500_000), ("2027-01-01 00:00:00.1234567Z", 1_798_761_600_123_456),
            ("2026-12-31T23:59:60Z", 1_798_761_600_000_000), ("1969-12-31T23:59:59Z", -1_000_000),
        ] as [(String, Int64)]
    )
    func parsing(text: String, expected: Int64) { #expect(Timestamp.parse(text) == expected) }

    @Test(
        "what is no such date is refused",
        arguments: [
            "", "2027", "2027-13-01", "2027-00-01", "2027-02-29", "2027-01-32", "27-01-01", "2027-1-1", "2027-01-01T",
            "2027-01-01T00:00:00", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z", "2027-01-01T00:00Z",
            "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00+1:00", "2027-01-01T00:00:00Zx", " 2027-01-01", "tomorrow",
            "２０２７-01-01",
        ]
    )
    func refusing(text: String) { #expect(Timestamp.parse(text) == nil) }

    @Test("what is written is read back")
    func roundTrip() {
        withSeed { random in
            for _ in 0..<1000 {
                let time = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_000_000, using: &random)
                #expect(Timestamp.parse(Timestamp.text(time)) == time)
            }
        }
        #expect(Timestamp.text(0) == "1970-01-01T00:00:00Z")
        #expect(Timestamp.text(1) == "1970-01-01T00:00:00.000001Z")
    }
}

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
