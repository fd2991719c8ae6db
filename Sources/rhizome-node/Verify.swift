import ArgumentParser
import CommandSupport
import Foundation
import RhizomeCore
import RhizomeProof
import StrictJSON

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a proof that somebody made of a value, or an export.",
        discussion: """
            Needs no home, no store and no network: whoever has the file can check it. Says what is claimed and which \
            checks hold: the form, every signature and body, the links to the heads of the authors' logs, and the \
            values, computed again from the deltas in the proof. Of an export every signature and body is checked, and what \
            is there is told by author. Exits 0 only where all hold, 1 where one doesn't, 65 where the file is neither or \
            was cut.

            Examples:
              rhizome-node verify price.proof
              curl -s http://127.0.0.1:3000/api/user/u1/proof | rhizome-node verify -
              rhizome-node verify --json price.proof | jq '.valid'
              rhizome-node verify all.deltas
            """
    )

    @Flag(name: .customLong("json"), help: "Print the outcome as JSON.")
    var isJSON = false
    @Argument(help: ArgumentHelp("The proof or export; - for standard input.", valueName: "FILE"))
    var file: String

    func run() async throws {
        let input = try InputFile(file)
        let start = try input.next() ?? []
        if ExportVerification.isExport(start) {
            try await verifyExport(start, input)
        } else {
            try await verifyProof(start, input)
        }
    }

    private func verifyProof(_ start: [UInt8], _ input: InputFile) async throws {
        var bytes = start
        // One more than a proof may have: it says itself what is wrong with a larger one.
        while bytes.count <= Proof.maximumBytes, let more = try input.next() { bytes += more }
        let text = VerificationText(await ProofVerification.verify(bytes))
        try show(text.json, text.lines)
        guard let error = text.verification.error else { return }
        let isMalformed = text.verification.proof == nil
        throw CommandFailure(
            isMalformed
                ? "\(file) is no proof: \(error.message)"
                : "the proof doesn't hold: \(error.message); ask whoever gave it to you for another one",
            isMalformed ? .malformed : .failure
        )
    }

    private func verifyExport(_ start: [UInt8], _ input: InputFile) async throws {
        var verification = ExportVerification(width: ProcessInfo.processInfo.activeProcessorCount)
        var fault: SignedDeltaSequence.Fault?
        do {
            try await verification.take(start)
            while let bytes = try input.next() { try await verification.take(bytes) }
            try await verification.finish()
        } catch let error as SignedDeltaSequence.Fault {
            fault = error
        }
        let text = ExportVerificationText(verification: verification, fault: fault)
        try show(text.json, text.lines)
        if let fault { throw CommandFailure("\(file): \(fault); get the file whole", .malformed) }
        guard text.isValid else {
            let count = AuditText.counted(verification.faultCount, "delta")
            throw CommandFailure("\(count) of the export not as signed; the others may be used, import refuses these")
        }
    }

    private func show(_ json: JSONObject, _ lines: [String]) throws {
        if isJSON {
            try CommandLineTool.show(JSONValue.object(json).description)
        } else {
            for line in lines { try CommandLineTool.show(line) }
        }
    }
}
