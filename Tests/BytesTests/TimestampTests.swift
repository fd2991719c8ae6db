import Bytes
import RhizomeTesting
import Testing

@Suite struct TimestampTests {
    @Test(
        "dates and date-times of RFC 3339 are read",
        arguments: [
            ("1970-01-01", 0), ("2027-01-01", 1_798_761_600_000_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000), ("1970-01-01t00:00:00.000001z", 1),
            ("2027-01-01T01:00:00+01:00", 1_798_761_600_000_000), ("2026-12-31T22:30:00-01:30", 1_798_761_600_000_000),
            ("2027-01-01t00:00:00.5z", 1_798_761_600_500_000), ("2027-01-01 00:00:00.1234567Z", 1_798_761_600_123_456),
            ("2026-12-31T23:59:60Z", 1_798_761_600_000_000), ("2027-01-01T00:59:60+01:00", 1_798_761_600_000_000),
            ("1969-12-31T23:59:59Z", -1_000_000), ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(String, Timestamp)]
    )
    func parsing(text: String, expected: Timestamp) { #expect(Timestamp(text) == expected) }

    @Test(
        "what is no such date is refused",
        arguments: [
            "", "2027", "2027-13-01", "2027-00-01", "2027-02-29", "1900-02-29T00:00:00Z", "2027-01-32", "27-01-01",
            "2027-1-1", "2027-01-01T", "2027-01-01T00:00:00", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z",
            "2027-01-01T00:00Z", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00+1:00", "2027-01-01T00:00:00 01:00",
            "2027-01-01T00:00:00Zx", "2027-01-01T00:00:00ZZ", " 2027-01-01", "tomorrow", "0000-01-01T00:00:00Z",
            "0000-01-01", "２０２７-01-01", "２027-01-01T00:00:00Z",
        ]
    )
    func refusing(text: String) { #expect(Timestamp(text) == nil) }

    @Test("a leap second is one at the end of a month in UTC alone")
    func leapSeconds() {
        for text in ["2025-01-01T00:00:60Z", "2026-12-31T23:59:60+01:00", "2026-12-30T23:59:60Z"] {
            #expect(Timestamp(text) == nil, "\(text)")
        }
    }

    @Test("a plus that a query made a space is taken for one where that is asked for")
    func plus() {
        #expect(Timestamp("2027-01-01T01:00:00 01:00", plusIsSpace: true) == 1_798_761_600_000_000)
        #expect(Timestamp("2027-01-01 01:00:00 01:00", plusIsSpace: true) == 1_798_761_600_000_000)
        #expect(Timestamp("2027-01-01 01:00:00+01:00", plusIsSpace: true) == 1_798_761_600_000_000)
        #expect(Timestamp("2027-01-01T01:00:00 ", plusIsSpace: true) == nil)
    }

    @Test("what is written is read back")
    func roundTrip() {
        withSeed { random in
            for _ in 0..<1000 {
                let time = Timestamp(
                    microseconds: Int64.random(in: -62_135_596_800_000_000...253_402_300_799_000_000, using: &random)
                )
                #expect(Timestamp(time.description) == time)
            }
        }
        #expect(Timestamp(microseconds: 0).description == "1970-01-01T00:00:00Z")
        #expect(Timestamp(microseconds: 1).description == "1970-01-01T00:00:00.000001Z")
    }
}
