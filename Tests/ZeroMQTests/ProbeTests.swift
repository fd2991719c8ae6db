import Foundation
import Testing

@Suite struct ProbeTests {
    /// Runs a scenario of `zeromq-probe`, which lies beside the test bundle.
    private func probe(_ arguments: String...) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe")
            .resolvingSymlinksInPath()
            .deletingLastPathComponent()
            .appending(path: "zeromq-probe")
        process.arguments = arguments
        // A scenario that aborts is to end at once, not to be looked into.
        process.environment = ["SWIFT_BACKTRACE": "enable=no"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        // One short line: the pipe holds it.
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(
        "without a ZAP handler libzmq lets anyone into a CURVE server, unless both domain and enforcement are set",
        arguments: [[], ["domain"], ["enforce"], ["domain", "enforce"]]
    )
    func door(settings: [String]) async throws {
        let arguments = ["door"] + settings + ["", ""]
        let outcome = try await probe(arguments[0], arguments[1], arguments[2])
        #expect(outcome == (settings.count == 2 ? "refused" : "admitted"))
    }

    @Test("240 MB in 8,000 frames are dropped, the sender named, and their memory given back")
    func frames() async throws {
        let words = try await probe("frames").split(separator: " ")
        try #require(words.count == 7, "\(words)")
        #expect(words[0] == "oversized")
        #expect(words[1] == "peer")
        #expect(words[2] == "8001")
        // libzmq holds all of it before the first frame can be read.
        #expect(try #require(Int(words[4])) > 200)
        #expect(try #require(Int(words[6])) < 64)
    }

    @Test("heartbeats of libzmq abort a process that leaves a lost connection unread; without them it lives")
    func heartbeat() async throws {
        #expect(try await probe("heartbeat", "0") == "alive")
        #expect(try await probe("heartbeat", "50") != "alive")
    }
}
