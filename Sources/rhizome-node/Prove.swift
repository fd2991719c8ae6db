import ArgumentParser
import Bytes
import CommandSupport
import Foundation
import RhizomeIdentity
import RhizomeProof

struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a proof of an entity's values, for somebody who has neither the store nor this software.",
        discussion: """
            Writes one file with the values, the deltas on which they rest, what these won over, and the headers that link \
            them to the heads of their authors' logs. Anybody can check it: rhizome-node verify, or another program. It \
            names keys and never petnames. It shows what its authors signed, not that others said nothing.

            Examples:
              rhizome-node prove user/taliesin-1 name -o name.proof
              rhizome-node prove user/taliesin-1 --complete -o all.proof
              rhizome-node prove user/taliesin-1 --without mallory -o - | rhizome-node verify -
            """
    )

    @Flag(help: "Hold all of the authors' logs, so that nothing of theirs can have been left out.")
    var complete = false
    @Flag(help: "Claim nothing beyond the newest deltas that are used: fewer headers.")
    var short = false
    @Option(help: ArgumentHelp("Words at most that the values won over, of each property.", valueName: "N"))
    var over = 1_000
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it; - for standard output.", valueName: "FILE"))
    var output: String
    @OptionGroup var reading: ReadingOptions
    @Argument(help: EntityArgument.help)
    var entity: EntityArgument
    @Argument(help: ArgumentHelp("The properties; all without any.", valueName: "PROPERTY"))
    var properties: [String] = []

    func validate() throws {
        if over < 0 { throw ValidationError("--over is a number from 0") }
    }

    func run() async throws {
        let store = try await reading.open()
        let maker = ProofMaker(
            log: store.log,
            perspective: store.perspective,
            trusted: store.trust.authors,
            maker: store.trust.owner
        )
        var extent = ProofMaker.Extent()
        extent.over = over
        extent.isShort = short
        extent.isComplete = complete
        let proof = try await maker.prove(
            entity.id,
            in: entity.collection,
            properties.isEmpty ? nil : Set(properties.map { Text($0) }),
            extent: extent,
            made: CommandLineTool.now
        )
        guard let proof else { throw CommandFailure.notFound("nothing was said of \(entity.collection)/\(entity.id)") }
        let bytes = try proof.encoded()
        if output == "-" {
            try CommandLineTool.write(bytes)
            return
        }
        do {
            try Data(bytes).write(to: URL(filePath: UserPath.expanded(output)), options: .atomic)
        } catch {
            throw CommandFailure("\(output) can't be written: \(error.localizedDescription)", .cannotCreate)
        }
        let values = AuditText.counted(proof.claim.properties.count, "value")
        let deltas = AuditText.counted(proof.deltas.count, "delta")
        CommandLineTool.note(
            "\(output): \(values) proved by \(deltas), \(bytes.count) bytes; check it by: rhizome-node verify \(output)"
        )
    }
}
