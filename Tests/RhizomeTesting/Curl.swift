import Foundation

/// What a server answers, by curl: a client that isn't ours.
///
/// - Parameter user: what `setpriv` is told, with the name of curl at the end; where it is empty, curl is run as is.
package func curl(
    _ url: String,
    _ options: [String],
    input: String = "",
    as user: [String] = []
) async throws -> (status: Int, body: String) {
    let outcome = try await BuiltCommand(user.isEmpty ? "curl" : "setpriv", in: "/usr/bin").run(
        user + ["--silent", "--max-time", "30", "--write-out", "\n%{http_code}"] + options + [url],
        input: input
    )
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    guard let status = lines.last.flatMap({ Int($0) }), status > 0 else {
        throw CommandError(description: "curl: exit code \(outcome.exitCode): \(outcome.errors)")
    }
    return (status, lines.dropLast().joined(separator: "\n").trimmingCharacters(in: .newlines))
}
