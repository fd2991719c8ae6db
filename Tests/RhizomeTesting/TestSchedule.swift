import Foundation

/// How long the tests of faults go on: seconds in every run, longer in `make soak`.
public enum TestSchedule {
    /// Whether `RHIZOME_SOAK` is set.
    public static let isSoak = ProcessInfo.processInfo.environment["RHIZOME_SOAK"] != nil

    /// How many rounds a test makes.
    public static func rounds(_ short: Int, soak: Int) -> Int { isSoak ? soak : short }
}
