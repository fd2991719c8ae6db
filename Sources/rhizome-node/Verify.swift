import ArgumentParser
import CommandSupport
import HomeFiles
import RhizomeProof
import StrictJSON

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a proof that somebody made of a value.",
        discussion: """
            Needs no home, no store and no network: whoever has the file can check it. Says what is claimed and which \
            checks hold: the form, every signature and body, the links to the heads of the authors' logs, and the \
            values, computed again from the deltas in the proof. Exits 0 only where all hold, 1 where one doesn't, 65 where \
            the file is no proof.

            Examples:
              rhizome-node verify price.proof
              curl -s http://127.0.0.1:3000/api/user/u1/proof | rhizome-node verify -
              rhizome-node verify --json price.proof | jq '.valid'
            """
    )

    @Flag(name: .customLong("json"), help: "Print the outcome as JSON.")
    var isJSON = false
    @Argument(help: ArgumentHelp("The proof; - for standard input.", valueName: "FILE"))
    var file: String

    func run() async throws {
        let text = VerificationText(await ProofVerification.verify(try bytes()))
        if isJSON {
            try CommandLineTool.show(JSONValue.object(text.json).description)
        } else {
            for line in text.lines { try CommandLineTool.show(line) }
        }
        guard let error = text.verification.error else { return }
        let isMalformed = text.verification.proof == nil
        throw CommandFailure(
            isMalformed
                ? "\(file) is no proof: \(error.message)"
                : "the proof doesn't hold: \(error.message); ask whoever gave it to you for another one",
            isMalformed ? .malformed : .failure
        )
    }

    private func bytes() throws -> [UInt8] {
        // One more than a proof may have: it says itself what is wrong with a larger one.
        let limit = Proof.maximumBytes + 1
        return file == "-"
            ? try OutsideFile.standardInput(limit: limit)
            : try OutsideFile.contents(UserPath.expanded(file), limit: limit)
    }
}
