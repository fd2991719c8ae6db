import ArgumentParser
import Bytes
import CommandSupport
import Logging
import RhizomeCore
import RhizomeDatabase
import RhizomeHosting
import RhizomeIdentity
import StrictJSON

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take signed deltas from a file through admission.",
        discussion: """
            Each delta of an export is judged as if a peer had brought it: its signature is verified, its author has to be \
            trusted, and what comes before it held. What is held already is passed over, so an import that was broken off \
            is begun again, and goes on where it stopped. A file that was cut is imported up to the cut, with exit 65. No \
            node may run on this home meanwhile.

            With --from-rhizome FILE is what the TypeScript rhizome-node gives at /api/deltas. Its deltas aren't signed: \
            each becomes one of this identity, which names the original and its author in pointers; imported again, \
            nothing is written.

            Examples:
              rhizome-node import all.deltas
              curl -s http://127.0.0.1:3000/api/deltas | rhizome-node import --from-rhizome -
            """
    )

    /// How large the JSON of a rhizome-node may be: it is sorted by time, so it is held whole.
    private static let mostJSON = 256 << 20

    @Flag(help: "The file is JSON of a TypeScript rhizome-node.")
    var fromRhizome = false
    @Flag(name: .customLong("json"), help: "Print JSON: a line for each delta that isn't taken in, and one in the end.")
    var isJSON = false
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption
    @Argument(help: ArgumentHelp("The export; - for standard input.", valueName: "FILE"))
    var file: String

    func run() async throws {
        LoggingSystem.bootstrap { _ in LogfmtHandler(logLevel: .warning) }
        let input = try InputFile(file)
        let home = try home.open()
        let identity = try home.identity { try passphrase.passphrase() }
        try await Database.opening(home: home, identity: identity, logger: Logger(label: "rhizome")) { database in
            if fromRhizome {
                try await takeRhizome(input, into: database)
            } else {
                try await take(input, into: database)
            }
        }
    }

    private func take(_ input: InputFile, into database: Database) async throws {
        var taken = DeltaImport(into: database) { judgement in if isJSON { try show(judgement) } }
        var fault: SignedDeltaSequence.Fault?
        do {
            while let bytes = try input.next() { try await taken.take(bytes) }
            try await taken.finish()
        } catch let error as SignedDeltaSequence.Fault {
            fault = error
        }
        let outcome = ImportText(outcome: taken.outcome, fault: fault)
        if isJSON {
            try CommandLineTool.show(JSONValue.object(outcome.json).description)
        } else {
            for line in outcome.lines { try CommandLineTool.show(line) }
        }
        if let fault {
            throw CommandFailure(
                "\(file): \(fault); all before that was imported, get the file whole and import it again",
                .malformed
            )
        }
        guard outcome.outcome.refused == 0 else {
            throw CommandFailure(
                "\(AuditText.counted(outcome.outcome.refused, "delta")) not taken in; see why above, and import again after "
                    + "what can be helped"
            )
        }
    }

    private func show(_ judgement: Judgement) throws {
        guard judgement.decision != .accept, judgement.decision != .duplicate else { return }
        let line: JSONObject = [
            "id": judgement.id.map { .string($0.description) } ?? .null,
            "author": judgement.link.map { .string($0.author.did) } ?? .null,
            "decision": .string(judgement.decision.name),
            "reason": judgement.decision.reason.map { .string($0) } ?? .null,
            "message": .string(judgement.message),
        ]
        try CommandLineTool.show(JSONValue.object(line).description)
    }

    private func takeRhizome(_ input: InputFile, into database: Database) async throws {
        var bytes: [UInt8] = []
        while let more = try input.next() {
            bytes += more
            guard bytes.count <= Self.mostJSON else {
                throw CommandFailure("\(file) has more than \(Self.mostJSON) bytes; import it in parts", .malformed)
            }
        }
        let deltas: RhizomeImport
        do {
            deltas = try RhizomeImport(json: JSONValue(parsing: bytes, limits: JSONLimits(bytes: Self.mostJSON)))
        } catch {
            throw CommandFailure("\(file) is no list of a rhizome-node's deltas: \(error)", .malformed)
        }
        let written = try await deltas.write(into: database)
        if isJSON {
            let json: JSONObject = [
                "format": .integer(1), "written": .integer(Int64(written)),
                "known": .integer(Int64(deltas.count - written)),
            ]
            try CommandLineTool.show(JSONValue.object(json).description)
        } else {
            try CommandLineTool.show(
                "\(AuditText.counted(written, "delta")) written in this identity's name, \(deltas.count - written) were before"
            )
        }
    }
}
