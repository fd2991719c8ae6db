import Foundation

/// Randomness that a failing test can repeat: SplitMix64 from a seed that is printed.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// Where this run started: `RHIZOME_TEST_SEED`, else drawn anew.
    public let seed: UInt64
    private var state: UInt64

    /// Starts from the seed given, or from the environment's, or from a new one.
    public init(seed: UInt64? = nil) {
        let fromEnvironment = ProcessInfo.processInfo.environment["RHIZOME_TEST_SEED"].flatMap { UInt64($0) }
        self.seed = seed ?? fromEnvironment ?? UInt64.random(in: .min ... .max)
        state = self.seed
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// So many random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }
}

/// Runs a property with fresh randomness; a failure's message names the seed that repeats it.
public func withSeed<Result>(
    _ body: (inout SeededGenerator) throws -> Result
) rethrows -> Result {
    var generator = SeededGenerator()
    do {
        return try body(&generator)
    } catch {
        print("failed with RHIZOME_TEST_SEED=\(generator.seed)")
        throw error
    }
}

/// As ``withSeed(_:)``, for a property that waits.
///
/// - Parameter seed: one that failed once and is tried each time; fresh randomness where `nil`.
public func withSeedAsync<Result>(
    _ seed: UInt64? = nil,
    _ body: (inout SeededGenerator) async throws -> Result
) async rethrows -> Result {
    var generator = SeededGenerator(seed: seed)
    do {
        return try await body(&generator)
    } catch {
        print("failed with RHIZOME_TEST_SEED=\(generator.seed)")
        throw error
    }
}
