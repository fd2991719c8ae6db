import ArgumentParser
import Bytes
import CommandSupport
import Logging
import RhizomeCore
import RhizomeHosting
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

            With --repair a store in which something was found is made anew: of what is whole in it, and of what trusted \
            peers hold. The damaged one is kept beside, and the new one begins a new epoch. No node may run meanwhile.

            Examples:
              rhizome-node audit
              rhizome-node audit --repair --wait 300
              rhizome-node audit --since 2d
              rhizome-node audit --since 180000
              rhizome-node audit --json | jq '.findings'
            """
    )

    @Flag(name: .customLong("json"), help: "Print the report as JSON.")
    var isJSON = false
    @Option(help: ArgumentHelp("Verify what came after this: \(SinceArgument.help).", valueName: "POSITION|DATE"))
    var since: SinceArgument?
    @Flag(help: "Where anything is found, make the store anew, of what is whole and of what trusted peers hold.")
    var repair = false
    @Option(help: ArgumentHelp("How long to wait for peers at most, with --repair.", valueName: "SECONDS"))
    var wait = 60
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var home: HomeOption

    func validate() throws {
        if repair, since != nil { throw ValidationError("--repair looks at all; it goes without --since") }
        if !(0...86_400).contains(wait) { throw ValidationError("--wait takes 0 to 86400 seconds") }
    }

    func run() async throws {
        LoggingSystem.bootstrap { _ in LogfmtHandler(logLevel: .error) }
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
        if repair, report.findingCount > 0 {
            try log.close()
            return try await repairStore(of: home)
        }
        guard report.findingCount == 0 else {
            let count = AuditText.counted(report.findingCount, "finding")
            throw CommandFailure(
                "\(count): the store isn't what was accepted; stop the node and run: rhizome-node audit --repair, which keeps "
                    + "what is whole and fetches the rest from peers. Or keep a copy of \(home.path)/data, move "
                    + "\(home.path)/data/store.* away and start the node: what only this node held is lost then"
            )
        }
    }

    /// Makes the store anew and says what came back, and what didn't.
    private func repairStore(of home: Home) async throws {
        let identity = try home.identity { try passphrase.passphrase() }
        let rebuilt = try await StoreRebuild(
            of: home.path + "/data",
            version: CommandLineTool.version,
            now: CommandLineTool.now
        )
        CommandLineTool.note(
            "\(AuditText.counted(rebuilt.keptCount, "delta")) taken over into a new store; the damaged one lies in "
                + "\(rebuilt.damagedFolder); asking peers, for \(wait) s at most"
        )
        let repair = try await StoreRepair(
            of: rebuilt.losses,
            home: home,
            identity: identity,
            patience: .seconds(wait),
            logger: Logger(label: "rhizome")
        )
        let text = RepairText(rebuilt: rebuilt, repair: repair)
        if isJSON {
            try CommandLineTool.show(JSONValue.object(text.json).description)
        } else {
            for line in text.lines { try CommandLineTool.show(line) }
        }
        guard repair.lost.isEmpty else {
            throw CommandFailure(
                "\(AuditText.counted(repair.lost.count, "delta")) didn't come back; once a peer that holds them is reachable, "
                    + "the node fetches them"
            )
        }
    }
}
