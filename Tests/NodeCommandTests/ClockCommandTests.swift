import Foundation
import RhizomeTesting
import Testing

/// A node whose clock was a day ahead while it wrote (spec: admission.md, "Clocks").
@Suite struct ClockCommandTests {
    /// A wall clock that is a day ahead.
    private static let ahead = """
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        int clock_gettime(clockid_t clock, struct timespec *time) {
            int result = syscall(SYS_clock_gettime, clock, time);
            if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += 86400;
            return result;
        }
        """

    private struct Obstacle: Decodable {
        let message: String
        let writableAt: Int64
    }

    private struct Health: Decodable {
        let clock: Obstacle?
    }

    @Test("once its clock is right a node says in its health, audit, log and each answer when it can write again")
    func ahead() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let home = try await NodeHome.make("alice", in: folder)
                let shim = try await folder.compileShim(Self.ahead)
                try await home.running(["LD_PRELOAD": shim]) { node in
                    let answer = try await node.put("/api/user/a", "{\"name\": \"A\"}")
                    #expect(answer.status == 200)
                    let health = try await node.value("/api/health", as: Health.self)
                    #expect(health.clock == nil)
                }
                try await home.running { node in
                    let health = try await node.value("/api/health", as: Health.self)
                    let clock = try #require(health.clock)
                    let now = Int64(Date.now.timeIntervalSince1970 * 1_000_000)
                    // A day, without the five minutes that a delta may be ahead.
                    #expect((86_000_000_000...86_100_000_000).contains(clock.writableAt - now))
                    #expect(clock.message.contains("timedatectl"))
                    let answer = try await node.ask(
                        "/api/user/b",
                        "--include",
                        "-X",
                        "PUT",
                        "-H",
                        "Content-Type: application/json",
                        "-d",
                        "{\"name\": \"B\"}"
                    )
                    #expect(answer.status == 503)
                    let body = try #require(answer.body.split(separator: "\r\n\r\n").last)
                    let told = try JSONDecoder().decode(Obstacle.self, from: Data(body.utf8))
                    #expect(told.writableAt == clock.writableAt)
                    let fields = answer.body.lowercased().split(separator: "\r\n")
                    let retry = fields.first { $0.hasPrefix("retry-after: ") }
                    let seconds = try #require(retry.flatMap { Int64($0.dropFirst("retry-after: ".count)) })
                    #expect((85_900...86_100).contains(seconds))
                    try await eventually("it is logged") { await node.logged("nothing can be written").count == 1 }
                }
                let audit = try await home.audit()
                #expect(audit.exitCode == 0, "\(audit.text)")
                struct Report: Decodable {
                    struct Author: Decodable { let aheadOfClock: Int64? }
                    let authors: [Author]
                }
                let report = try JSONDecoder().decode(Report.self, from: Data(audit.text.utf8))
                let lead = try #require(report.authors.first?.aheadOfClock)
                #expect((86_000_000_000...86_400_000_000).contains(lead))
                let text = try await home.node.run(["audit", "--home", home.path]).output
                #expect(text.contains("ahead of this clock; set the clock right"), "\(text)")
            }
        }
    }
}
