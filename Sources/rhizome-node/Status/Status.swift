import ArgumentParser
import Bytes
import CommandSupport
import HomeFiles
import RhizomeHTTP
import RhizomeIdentity
import RhizomeStore
import StrictJSON

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how the running node and its peers stand, and what needs attention.",
        discussion: """
            One screen: the identity, the store and its disk, each peer with how far behind it or this node is and how \
            far off its clock, and what to do where something needs attention. Exit 1 where something does, 69 where no \
            node runs. That a peer can't be reached is shown and needs none: it may be away.

            Examples:
              rhizome-node status
              rhizome-node status --quiet || mail -s 'look at the node' me@example.org </dev/null
              rhizome-node status --json | jq '.attention'
            """
    )

    /// Bytes of an answer: a thousand peers have less than a MiB.
    private static let mostBytes = 64 << 20

    @Flag(help: "Print nothing; the exit code says it.")
    var quiet = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var home: HomeOption

    func validate() throws {
        if quiet, output.isJSON { throw ValidationError("--quiet and --json exclude each other; give one of them") }
    }

    func run() async throws {
        let client = try client(of: home.open())
        let (home, log, trust) = try await self.home.openStore()
        let space = try home.storeSpace()
        let report = StatusReport(
            health: try await ask("/api/health", client),
            peers: try await ask("/api/peers", client).array ?? [],
            refused: try await ask("/api/peers/refused", client).array ?? [],
            deltaCount: try await log.count(),
            epoch: log.epoch,
            lastAudit: try home.lastAudit().flatMap { try? JSONValue(parsing: $0).object },
            storeBytes: space.taken,
            freeBytes: space.free,
            trust: trust,
            now: CommandLineTool.now
        )
        if output.isJSON {
            try CommandLineTool.show(JSONValue.object(report.json).description)
        } else if !quiet {
            try output.page()
            for line in report.lines { try CommandLineTool.show(line) }
        }
        if !report.attention.isEmpty { throw ExitCode.failure }
    }

    private static func noNode(_ home: Home) -> CommandFailure {
        CommandFailure("no node of \(home.path) runs; start it by: rhizome-node run", .unavailable)
    }

    private func client(of home: Home) throws -> APIClient {
        guard let file = try NodeFile(of: home) else { throw Self.noNode(home) }
        guard let http = file.http, let client = APIClient(http, token: try HTTPToken(of: home)) else {
            throw CommandFailure(
                "the node of this home runs without its HTTP API, which is asked how it stands; start it with "
                    + "RHIZOME_HTTP_API_ENABLE=true",
                .unavailable
            )
        }
        return client
    }

    private func ask(_ path: String, _ client: APIClient) async throws -> JSONValue {
        do {
            let answer = try await client.get(path, upTo: Self.mostBytes)
            try answer.check()
            guard let json = answer.json else {
                throw CommandFailure("the node's answer to \(path) is no JSON; use one version of both", .unavailable)
            }
            return json
        } catch APIClient.Failure.unreachable {
            throw Self.noNode(try home.open())
        } catch APIClient.Failure.unanswered {
            throw CommandFailure("the node doesn't answer; see its log", .unavailable)
        }
    }
}
