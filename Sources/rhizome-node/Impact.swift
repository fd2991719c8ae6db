import ArgumentParser
import Bytes
import CommandSupport
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import SignedStatements
import StrictJSON

struct Impact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what would change if a peer were distrusted.",
        discussion: """
            Tells of each entity to which the peer refers the properties that would have another value, before you say \
            rhizome-keys distrust. Without --keep as by --keep none, which drops all that is held of the peer; by --keep \
            all, which distrust does by itself, nothing that is held leaves the views, and nothing new comes. Reads the \
            store itself and changes nothing. Entities come in the order of their ids; --after goes on behind one.

            Examples:
              rhizome-node impact bob
              rhizome-node impact bob --json | jq -r 'select(.entity) | .entity' | uniq
              rhizome-node impact bob --keep 3f7a90c2…
            """
    )

    @OptionGroup var output: OutputOptions
    @Option(
        help: ArgumentHelp(
            "What of the peer's deltas would stay in views: all, none, or ids separated by commas. Default: none.",
            valueName: "all|none|id,…"
        ),
        transform: KeepArgument.init(parsing:)
    )
    var keep: KeepArgument?
    @Option(help: ArgumentHelp("Only entities whose ids come after this one.", valueName: "ID"))
    var after: String?
    @OptionGroup var home: HomeOption
    @Argument(help: ArgumentHelp("A petname, a did or a prefix of one.", valueName: "PEER"))
    var peer: String

    func run() async throws {
        let (_, log, trust) = try await home.openStore()
        let author = try trust.author(named: peer)
        guard author != trust.owner else {
            throw CommandMisuse("that is this identity itself; it can't be distrusted")
        }
        let exclusion = try await Exclusion(by: trust, in: log)
        var impact = DistrustImpact(
            of: author,
            in: try await log.state(),
            now: exclusion,
            then: try await exclusion.distrusting(author, keep: keep?.keep ?? Keep.none, in: log),
            after: after.map { Text($0) }
        )
        try output.page()
        var buffer = BufferedOutput()
        var summary = Summary()
        while let (_, count, vanishes) = try await impact.next({ entity, change in
            try buffer.add(line: output.isJSON ? Self.json(entity, change) : Self.line(entity, change))
        }) {
            summary.add(count, vanishes: vanishes)
        }
        try buffer.add(line: output.isJSON ? summary.json : summary.line)
        try buffer.flush()
    }

    /// How much would change in all.
    private struct Summary {
        var entities = 0
        var changed = 0
        var properties = 0
        var vanished = 0

        mutating func add(_ count: Int, vanishes: Bool) {
            entities += 1
            properties += count
            if count > 0 || vanishes { changed += 1 }
            if vanishes { vanished += 1 }
        }

        var line: String {
            let entities = entities == 1 ? "1 entity" : "\(entities) entities"
            return "\(changed) of \(entities) to which the peer refers would change, "
                + "\(AuditText.counted(properties, "value")) in all; of \(vanished) nothing would be left"
        }

        var json: String {
            let json: JSONObject = [
                "format": 1,
                "summary": [
                    "entities": .integer(Int64(entities)), "changed": .integer(Int64(changed)),
                    "values": .integer(Int64(properties)), "vanished": .integer(Int64(vanished)),
                ],
            ]
            return JSONValue.object(json).description
        }
    }

    private static func json(_ entity: Text, _ change: EntityDifference.Change) -> String {
        var json: JSONObject = ["entity": .text(entity), "property": .text(change.property)]
        // A property without a value has no such member: null is a value.
        if let before = change.before { json.append("before", before) }
        if let after = change.after { json.append("after", after) }
        return JSONValue.object(json).description
    }

    private static func line(_ entity: Text, _ change: EntityDifference.Change) -> String {
        func text(_ value: JSONValue?) -> String {
            value.map { TerminalText.escaped($0.description, limitBytes: 256) } ?? "nothing"
        }
        return TerminalText.bold(TerminalText.escaped(entity.string)) + "  "
            + TerminalText.escaped(change.property.string) + "  \(text(change.before)) → \(text(change.after))"
    }
}
