public import RhizomeCore
public import Testing

/// One rule that every delta log keeps, as a sentence and a check.
///
/// The tests of each implementation run ``all`` of them:
///
///     @Test("the log keeps each rule", arguments: DeltaLogRule.all)
///     func rule(_ rule: DeltaLogRule) async throws {
///         try await rule.check { body in try await body(InMemoryDeltaLog()) }
///     }
public struct DeltaLogRule: Sendable, CustomTestStringConvertible {
    /// Lends a new, empty log of version "1", as often as it is called.
    public typealias Lend = @Sendable (_ body: (any DeltaLog) async throws -> Void) async throws -> Void

    /// What holds.
    public let sentence: String
    /// Records an issue where it doesn't.
    public let check: @Sendable (Lend) async throws -> Void

    init(_ sentence: String, _ check: @escaping @Sendable (Lend) async throws -> Void) {
        self.sentence = sentence
        self.check = check
    }

    /// The sentence.
    public var testDescription: String { sentence }

    /// All rules.
    public static let all = appending + transactions + reading + entities + logs + forks + pulling
}
