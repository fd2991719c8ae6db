import Foundation
import Locks

/// A command that is running, lent by ``BuiltCommand/withRunning(_:environment:_:)``.
package final class RunningCommand: Sendable {
    /// Its process id.
    package let processID: Int32
    /// The lines of standard output so far.
    package let output = LineLog()
    /// The lines of standard error so far.
    package let errors = LineLog()
    private let ending = Lock(false)

    init(processID: Int32) { self.processID = processID }

    var isEnding: Bool { ending.withLock { $0 } }

    /// Sends a signal, for example `SIGTERM`.
    package func signal(_ number: Int32) { kill(processID, number) }

    /// Waits until it has closed both outputs, as it does when it ends; it is not killed afterwards then.
    ///
    /// - Throws: ``BuiltCommand/Overdue``.
    package func end(within limit: Duration = .seconds(30)) async throws {
        try await within(limit, "process \(processID) has not ended") { [output, errors] in
            try await output.waitForEnd()
            try await errors.waitForEnd()
        }
        ending.withLock { $0 = true }
    }
}

/// Lines as they come, which tests wait for.
package actor LineLog {
    /// All lines so far.
    package private(set) var lines: [String] = []
    private var isAtEnd = false
    private var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    private var lastTicket: UInt64 = 0

    func add(_ line: String) {
        lines.append(line.hasSuffix("\n") ? String(line.dropLast()) : line)
        wake()
    }

    func end() {
        isAtEnd = true
        wake()
    }

    private func wake() {
        let all = waiting.values
        waiting = [:]
        for continuation in all { continuation.resume() }
    }

    /// Waits for the first line, new or old, that fits.
    ///
    /// - Throws: ``BuiltCommand/Overdue`` when the time is over, or the output ends without it.
    package nonisolated func line(
        within limit: Duration = .seconds(30),
        where fits: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        try await RhizomeTesting.within(limit, "no such line came") { try await self.next(fits) }
    }

    private func next(_ fits: @Sendable (String) -> Bool) async throws -> String {
        var seen = 0
        while true {
            while seen < lines.count {
                if fits(lines[seen]) { return lines[seen] }
                seen += 1
            }
            if isAtEnd { throw BuiltCommand.Overdue(description: "the output ended without it: \(lines.suffix(5))") }
            try await change()
        }
    }

    func waitForEnd() async throws { while !isAtEnd { try await change() } }

    private func change() async throws {
        lastTicket += 1
        let ticket = lastTicket
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiting[ticket] = continuation
                }
            }
        } onCancel: {
            Task { await self.giveUp(ticket) }
        }
    }

    private func giveUp(_ ticket: UInt64) { waiting.removeValue(forKey: ticket)?.resume(throwing: CancellationError()) }
}
