import ArgumentParser
import Bytes
import CommandSupport
import Foundation
import HomeFiles
import RhizomeCore
import RhizomeIdentity
import SignedStatements

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write signed deltas to a file that any node can import.",
        discussion: """
            A CBOR sequence (RFC 8742) of the deltas as their authors signed them, so whoever has the file needs to trust \
            nobody who handed it on: rhizome-node verify FILE checks it, rhizome-node import FILE takes it in. Reads the \
            store itself; a node may run meanwhile. Says up to which position it came: --since that, and a later export \
            goes on there.

            Examples:
              rhizome-node export -o all.deltas
              rhizome-node export --since 180000 -o later.deltas
              rhizome-node export --author alice | rhizome-node import --home /srv/other -
            """
    )

    @Option(help: ArgumentHelp("Only this author's: a petname, a did or a prefix of one.", valueName: "PEER"))
    var author: String?
    @Option(
        help: ArgumentHelp(
            "Only deltas about this entity. Without those before them they wait where they are imported.",
            valueName: "ENTITY"
        )
    )
    var entity: EntityArgument?
    @Option(help: ArgumentHelp("Only what came after this: \(SinceArgument.help).", valueName: "POSITION|DATE"))
    var since: SinceArgument?
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it; else standard output.", valueName: "FILE"))
    var output: String?
    @OptionGroup var home: HomeOption

    func run() async throws {
        if output == nil, Terminal.isOutput {
            throw CommandMisuse("an export is no text for a terminal; give -o FILE, or a pipe")
        }
        let (_, log, trust) = try await home.openStore()
        let since = try await since?.position(in: log, now: CommandLineTool.now) ?? 0
        var export = try await DeltaExport(
            of: log,
            by: try author.map { try trust.author(named: $0) },
            about: entity?.id,
            since: since
        )
        let file = try output.flatMap { $0 == "-" ? nil : $0 }.map { try OutputFile($0) }
        var (count, bytes) = (0, 0)
        while let deltas = try await export.next() {
            for delta in deltas {
                if let file { try file.write(delta) } else { try CommandLineTool.write(delta) }
                bytes += delta.count
            }
            count += deltas.count
        }
        try file?.finish()
        CommandLineTool.note(
            "\(AuditText.counted(count, "delta")), \(bytes) bytes; a later export goes on by: --since \(export.position)"
        )
    }
}
