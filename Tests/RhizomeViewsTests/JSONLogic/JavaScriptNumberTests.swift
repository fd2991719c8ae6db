import Bytes
import RhizomeTesting
import Testing

@testable import RhizomeViews

@Suite struct JavaScriptNumberTests {
    @Test(
        "a number is written as JavaScript writes it",
        arguments: [
            (0, "0"), (-0.0, "0"), (-1, "-1"), (0.1, "0.1"), (-12.5, "-12.5"), (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (123_456_789_012_345_683_968, "123456789012345680000"), (1.5e300, "1.5e+300"), (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"), (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
            (9_007_199_254_740_992, "9007199254740992"), (0.00001234, "0.00001234"), (.nan, "NaN"),
            (-.infinity, "-Infinity"), (4.35, "4.35"), (1e16, "10000000000000000"),
        ] as [(Double, String)]
    )
    func writing(number: Double, text: String) { #expect(JavaScriptNumber.text(number) == text) }

    @Test(
        "a whole text is a number or NaN, and 0 without content",
        arguments: [
            ("", 0), (" \u{feff}\u{a0}\n", 0), ("5.", 5), (".5", 0.5), ("+7", 7), ("\u{2003}-1.5e1\u{2029}", -15),
            ("0x1F", 31), ("0b101", 5), ("0O17", 15), ("0x20000000000001", 9_007_199_254_740_992),
            ("0x200000000000030000000001", 0x1p93 + 0x1p42), ("1e400", .infinity), ("-Infinity", -.infinity),
            ("1e-400", 0),
        ] as [(String, Double)]
    )
    func wholeTexts(text: String, number: Double) { #expect(JavaScriptNumber.number(Text(text)) == number) }

    @Test(
        "what is no number as a whole is NaN",
        arguments: [
            ".", "e5", "1e", "1_0", "5abc", "-0x10", "0x", "0b2", "0xg", "infinity", "Infinityx", "nan", "1 2", "--1",
            "0x1.8p1",
        ]
    )
    func noNumbers(text: String) { #expect(JavaScriptNumber.number(Text(text)).isNaN) }

    @Test(
        "a text can begin with a number",
        arguments: [
            ("5abc", 5), (" 1.5.5", 1.5), ("1e", 1), ("1e+x", 1), ("-.5e1x", -5), ("0x10", 0), ("Infinityx", .infinity),
            ("1_0", 1), ("5.", 5),
        ] as [(String, Double)]
    )
    func leadingNumbers(text: String, number: Double) { #expect(JavaScriptNumber.leadingNumber(Text(text)) == number) }

    @Test("a text can begin with no number", arguments: ["", ".", "-", "x1", "+-1", "e5", "inf", ".e1"])
    func noLeadingNumbers(text: String) { #expect(JavaScriptNumber.leadingNumber(Text(text)).isNaN) }

    @Test("what is written is read as the same number")
    func roundTrip() throws {
        try withSeed { generator in
            for _ in 0..<2_000 {
                let number = Double(bitPattern: generator.next())
                guard number.isFinite else { continue }
                let text = Text(JavaScriptNumber.text(number))
                try #require(JavaScriptNumber.number(text) == number, "\(number)")
                try #require(JavaScriptNumber.leadingNumber(text) == number, "\(number)")
            }
        }
    }
}
