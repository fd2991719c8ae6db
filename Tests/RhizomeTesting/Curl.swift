import Foundation

/// What a server answers, by curl: a client that isn't ours.
package func curl(_ url: String, _ options: [String], input: String = "") async throws -> (status: Int, body: String) {
    let outcome = try await BuiltCommand("curl", in: "/usr/bin").run(
        ["--silent", "--max-time", "30", "--write-out", "\n%{http_code}"] + options + [url],
        input: input
    )
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    guard let status = lines.last.flatMap({ Int($0) }), status > 0 else {
        throw CommandError(description: "curl: exit code \(outcome.exitCode): \(outcome.errors)")
    }
    return (status, lines.dropLast().joined(separator: "\n").trimmingCharacters(in: .newlines))
}
