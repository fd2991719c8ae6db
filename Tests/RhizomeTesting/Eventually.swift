public import Testing

/// Waits until something holds, looking again every 10 ms; a deadline that is far off fails the test.
public func eventually(
    _ what: String,
    within deadline: Duration = .seconds(60),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while ContinuousClock.now < end {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("not within \(deadline): \(what)", sourceLocation: sourceLocation)
    throw DeadlinePassed()
}

/// What `eventually` waited for did not come.
public struct DeadlinePassed: Error {
    /// An error.
    public init() {}
}
