import Bytes
import Testing

@testable import RhizomeHTTP

@Suite struct TimestampTests {
    @Test(
        "A time by RFC 3339 is that moment",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00.000001z", 1),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("2025-01-01T01:00:00+01:00", 1_735_689_600_000_000), ("2024-12-31 23:30:00-00:30", 1_735_689_600_000_000),
            ("2025-01-01T01:00:00 01:00", 1_735_689_600_000_000),
            ("2025-01-01T00:00:00.1234567Z", 1_735_689_600_123_456),
            ("1969-12-31T23:59:59Z", -1_000_000), ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] as [(Text, Int64)]
    )
    func valid(_ text: Text, _ expected: Int64) { #expect(Timestamp.microseconds(text) == expected) }

    @Test(
        "Anything else is no time",
        arguments: [
            "", "2025-01-01", "2025-01-01T00:00:00", "2025-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00+1:00", "2025-01-01T00:00:00ZZ", "0000-01-01T00:00:00Z", "２025-01-01T00:00:00Z",
        ] as [Text]
    )
    func invalid(_ text: Text) { #expect(Timestamp.microseconds(text) == nil) }
}
