import ArgumentParser
import Bytes
import CommandSupport
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import SignedStatements
import StrictJSON

struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verify every signature, body and link of the store again.",
        discussion: """
            Reads the store itself, without the node's help; the node may run meanwhile. Prints what is held of each \
            author, and exits 1 where anything is not as it was accepted. Forks, deltas that fit nowhere and odd times \
            are told of, and are no findings. With --since, what came before is believed as an earlier audit left it: \
            its signatures, its bodies and what finds deltas aren't looked at.

            Examples:
              rhizome-node audit
              rhizome-node audit --since 2d
              rhizome-node audit --since 180000
              rhizome-node audit --json | jq '.findings'
            """
    )

    @Flag(name: .customLong("json"), help: "Print the report as JSON.")
    var isJSON = false
    @Option(help: ArgumentHelp("Verify what came after this: \(SinceArgument.help).", valueName: "POSITION|DATE"))
    var since: SinceArgument?
    @OptionGroup var home: HomeOption

    func run() async throws {
        let (home, log, trust) = try await self.home.openStore()
        let since = try await since?.position(in: log, now: CommandLineTool.now) ?? 0
        let meter = AuditMeter()
        let report = try await log.audit(
            since: since,
            isListed: { trust.letsIn($0, by: $1.trustStatement, at: $1.timeReceived) },
            progress: { meter.show($0) }
        )
        meter.end()
        let text = AuditText(
            report: report,
            since: since,
            epoch: log.epoch,
            incidents: try await log.incidents(),
            trust: trust,
            now: CommandLineTool.now
        )
        // Where the folder can't be written, as that of a backup, the node shows an older one.
        try? home.keepAudit(JSONValue.object(text.summary).encoded)
        if isJSON {
            try CommandLineTool.show(JSONValue.object(text.json).description)
        } else {
            for line in text.lines { try CommandLineTool.show(line) }
        }
        guard report.findingCount == 0 else {
            let count = AuditText.counted(report.findingCount, "finding")
            throw CommandFailure(
                "\(count): the store isn't what was accepted. Keep a copy of \(home.path)/data, then move "
                    + "\(home.path)/data/store.* away and start the node: it fetches what its peers hold; what only this "
                    + "node held is lost"
            )
        }
    }
}
