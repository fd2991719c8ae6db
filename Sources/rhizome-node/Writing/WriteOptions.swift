import ArgumentParser
import Bytes
import CommandSupport
import HomeFiles
import Logging
import RhizomeCore
import RhizomeDatabase
import RhizomeHTTP
import RhizomeHosting
import RhizomeIdentity
import RhizomeViews
import StrictJSON

/// How a command writes to a home: through the running node, or with the store to itself where none runs (spec: cli.md).
struct WriteOptions: ParsableArguments {
    /// For how long one waits for a node that starts, or for another command that writes.
    private static let patience = Duration.seconds(5)

    @Flag(name: .customLong("json"), help: "Print JSON, for programs.")
    var isJSON = false
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    /// Writes one way or the other.
    ///
    /// - Parameters:
    ///   - node: asks the running node; what it gives back is the node's word.
    ///   - store: writes to the database of the home, where no node runs.
    /// - Throws: ``CommandFailure`` `unavailable` where a node runs and can't be asked; ``DeltaLogError`` `locked` where
    ///   somebody else keeps the store; what the closures throw.
    func write<Result: Sendable>(
        throughNode node: (APIClient) async throws -> Result,
        toStore store: @Sendable (Database) async throws -> Result
    ) async throws -> Result {
        let home = try home.open()
        let key = try home.keyFile()
        var identity: Identity?
        let clock = NodeClock.system
        let end = clock.uptime + Self.patience
        while true {
            do {
                // Nobody is asked for a passphrase that the running node doesn't need.
                if identity == nil, key.isSealed { _ = try home.lockData(for: "rhizome-node put") }
                let signer = try identity ?? key.identity { try passphrase.passphrase() }
                identity = signer
                return try await Database.opening(home: home, identity: signer, logger: Self.logger, store)
            } catch  where Self.isLocked(error) {
                if let answer = try await ask(home, node) { return answer }
                guard clock.uptime < end else {
                    throw CommandFailure(
                        "another process uses \(home.path)/data, and no node of this home answers; wait for it to end, and "
                            + "try again",
                        .tryAgain
                    )
                }
                try await clock.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Writes one delta, one way or the other.
    ///
    /// - Returns: its id; `nil` where the node says none.
    func write(_ pointers: [Pointer]) async throws -> DeltaID? {
        try await write { client in
            let answer = try await client.post(.array(pointers.map(\.json)))
            try answer.check()
            return answer.json?.object?["id"]?.text.flatMap { DeltaID(hex: $0.string) }
        } toStore: { database in
            try await database.write([Draft(pointers: pointers)]).first?.delta.id
        }
    }

    /// Warnings and errors alone.
    private static var logger: Logger {
        Logger(label: "rhizome") { _ in LogfmtHandler(logLevel: .warning) }
    }

    /// Whether somebody else has the store.
    private static func isLocked(_ error: any Error) -> Bool {
        (error as? DeltaLogError)?.code == .locked || (error as? FileError)?.code == .locked
    }

    /// What the running node answers; `nil` where none can be reached.
    private func ask<Result>(_ home: Home, _ node: (APIClient) async throws -> Result) async throws -> Result? {
        guard let file = try NodeFile(of: home) else { return nil }
        guard let http = file.http else {
            throw CommandFailure(
                "the node of this home runs without its HTTP API, through which others write; stop it, or start it with "
                    + "RHIZOME_HTTP_API_ENABLE=true",
                .unavailable
            )
        }
        guard let client = APIClient(http, token: try HTTPToken(of: home)) else { return nil }
        do {
            return try await node(client)
        } catch APIClient.Failure.unreachable {
            return nil
        } catch APIClient.Failure.unanswered {
            throw CommandFailure(
                "the node at \(http) took the request and didn't answer; whether it was done, tells: rhizome-node log "
                    + "--limit 5 --author me",
                .unavailable
            )
        }
    }
}

extension APIClient.Answer {
    /// Takes what was asked for as done.
    ///
    /// - Throws: ``CommandFailure`` for any other answer, by what it says (spec: http.md).
    func check() throws {
        guard !(200..<300).contains(status) else { return }
        let members = json?.object
        let error = members?["error"]?.text?.string ?? "status \(status)"
        let field = (members?["field"]?.text?.string).map { "\($0): " } ?? ""
        let message = members?["message"]?.text?.string
        let code = members?["code"]?.text?.string
        let exitCode: ExitCode =
            switch (status, error) {
            case (400, _) where code == "reserved": .failure
            case (400, _), (413, _), (415, _), (422, _): .malformed
            case (401, _), (403, _): .notAllowed
            case (404, _), (409, _): .failure
            case (503, "disk"): .inputOutput
            case (503, _): .tryAgain
            default: .unavailable
            }
        throw CommandFailure(field + (message ?? error), exitCode, codeName: code ?? (message == nil ? nil : error))
    }
}
