import ArgumentParser
import Bytes
import CommandSupport
import RhizomeCore
import RhizomeDatabase
import RhizomeHTTP
import RhizomeIdentity
import RhizomeViews
import SignedStatements
import StrictJSON

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take signed deltas from a file through admission.",
        discussion: """
            Each delta of an export is judged as if a peer had brought it: its signature is verified, its author has to be \
            trusted, and what comes before it held. What is held already is passed over, so an import that was broken off \
            is begun again, and goes on where it stopped. A file that was cut is imported up to the cut, with exit 65. \
            Through the running node, or to the store where none runs.

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
    @OptionGroup var options: WriteOptions
    @Argument(help: ArgumentHelp("The export; - for standard input.", valueName: "FILE"))
    var file: String

    func run() async throws {
        let input = try InputFile(file)
        if fromRhizome { return try await takeRhizome(input) }
        let isJSON = options.isJSON
        let (outcome, fault) = try await options.write { client in
            // Before the input is read, which can't be read again.
            _ = try await client.get("/api/deltas/count", upTo: 64).check()
            return try await Self.take(
                input,
                by: DeltaImport(onVerdict: { if isJSON { try Self.show($0) } }) { wires in
                    try await Self.judge(wires, through: client)
                }
            )
        } toStore: { database in
            try await Self.take(input, by: DeltaImport(into: database) { if isJSON { try Self.show($0) } })
        }
        let text = ImportText(outcome: outcome, fault: fault)
        if isJSON {
            try CommandLineTool.show(JSONValue.object(text.json).description)
        } else {
            for line in text.lines { try CommandLineTool.show(line) }
        }
        if let fault {
            throw CommandFailure(
                "\(file): \(fault); all before that was imported, get the file whole and import it again",
                .malformed
            )
        }
        guard outcome.refused == 0 else {
            throw CommandFailure(
                "\(AuditText.counted(outcome.refused, "delta")) not taken in; see why above, and import again after what can "
                    + "be helped"
            )
        }
    }

    private static func take(
        _ input: InputFile,
        by taken: DeltaImport
    ) async throws -> (DeltaImport.Outcome, SignedDeltaSequence.Fault?) {
        var taken = taken
        do {
            while let bytes = try input.next() { try await taken.take(bytes) }
            try await taken.finish()
            return (taken.outcome, nil)
        } catch let fault as SignedDeltaSequence.Fault {
            return (taken.outcome, fault)
        }
    }

    /// What the running node says of each delta (spec: http.md, POST `/api/deltas`).
    private static func judge(_ wires: [[UInt8]], through client: APIClient) async throws -> [DeltaImport.Verdict] {
        let answer: APIClient.Answer
        do {
            answer = try await client.post(signed: wires)
        } catch APIClient.Failure.unreachable {
            throw CommandFailure("the node ended meanwhile; import again, which goes on from there", .unavailable)
        }
        try answer.check()
        let decisions = answer.json?.object?["decisions"]?.array ?? []
        let verdicts = zip(wires, decisions).compactMap { wire, json -> DeltaImport.Verdict? in
            guard let members = json.object, let name = members["decision"]?.text?.string,
                let decision = Decision(name: name, reason: members["reason"]?.text?.string)
            else { return nil }
            return DeltaImport.Verdict(
                id: (members["id"]?.text?.string).flatMap { DeltaID(hex: $0) },
                author: (try? SignedDelta(decoding: wire))?.author,
                decision: decision,
                message: members["error"]?.text?.string ?? ""
            )
        }
        guard verdicts.count == wires.count else {
            throw CommandFailure(
                "the node answers what this program doesn't know; use one version of both",
                .unavailable
            )
        }
        return verdicts
    }

    private static func show(_ verdict: DeltaImport.Verdict) throws {
        guard verdict.decision != .accept, verdict.decision != .duplicate else { return }
        let line: JSONObject = [
            "id": verdict.id.map { .string($0.description) } ?? .null,
            "author": verdict.author.map { .string($0.did) } ?? .null,
            "decision": .string(verdict.decision.name),
            "reason": verdict.decision.reason.map { .string($0) } ?? .null,
            "message": .string(verdict.message),
        ]
        try CommandLineTool.show(JSONValue.object(line).description)
    }

    /// Those are signed in the order of their times, by the running node or here.
    private func takeRhizome(_ input: InputFile) async throws {
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
        let written = try await options.write { client in
            let (_, log, trust) = try await options.home.openStore()
            return try await deltas.write(knownTo: log, own: trust.owner) { drafts in
                for pointers in drafts { try await client.post(.array(pointers.map(\.json))).check() }
            }
        } toStore: { database in
            try await deltas.write(into: database)
        }
        if options.isJSON {
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
