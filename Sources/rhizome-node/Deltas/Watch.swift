import ArgumentParser
import Bytes
import CommandSupport
import HomeFiles
import RhizomeCore
import RhizomeDatabase
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import StrictJSON

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show changes as they come.",
        discussion: """
            Each delta that is accepted from now on, one a line; with COLLECTION what it changes of that collection's \
            entities. With --json one object a line. Follows the store itself, while a node runs, and when one starts. \
            Ends at SIGINT, or when nobody reads it any more.

            Examples:
              rhizome-node watch
              rhizome-node watch user
              rhizome-node watch user --json | jq -c '[.id, .after]'
            """
    )

    /// How long between two looks at where the store ends: one look-up each.
    private static let interval = Duration.milliseconds(200)
    /// Deltas that are read at once.
    private static let page = 64

    @Flag(name: .customLong("json"), help: "Print JSON, for programs.")
    var isJSON = false
    @OptionGroup var reading: ReadingOptions
    @Argument(help: ArgumentHelp("The collection, as user; all deltas without it.", valueName: "COLLECTION"))
    var collection: String?

    func validate() throws {
        if reading.asOf != nil { throw ValidationError("--as-of shows what was; see: rhizome-node history") }
        let narrows = [reading.context, reading.authors, reading.without, reading.filter].contains { $0 != nil }
        if collection == nil, narrows {
            throw ValidationError("--context, --authors, --without and --filter go with COLLECTION; give one")
        }
        if collection?.isEmpty == true { throw ValidationError("COLLECTION is a name, as user") }
    }

    func run() async throws {
        var store = try await reading.open()
        let journal = TrustJournal(home: try reading.home.open(), owner: store.trust.owner)
        var version = journal.version
        var position = store.state.position
        let clock = NodeClock.system
        CommandLineTool.note("note: watching from position \(position) on")
        while true {
            let last = try await store.log.count()
            if last > position {
                // Trust is today's, and the store is opened anew with it.
                let current = journal.version
                if current != version {
                    store = try await reading.open()
                    version = current
                }
                position = try await show(after: position, upTo: last, of: store)
            }
            try await clock.sleep(for: Self.interval)
            if StandardStreams.isOutputUnread { StandardStreams.endOnClosedPipe() }
        }
    }

    /// Shows what came after a position.
    ///
    /// - Returns: where to go on from.
    private func show(after position: Int64, upTo last: Int64, of store: ReadStore) async throws -> Int64 {
        var position = position
        var buffer = BufferedOutput()
        while position < last {
            if let collection {
                let reader = ChangeReader(log: store.log, perspective: store.perspective)
                let page = try await reader.changes(in: Text(collection), after: position)
                position = page.position
                for change in page.changes { try add(change, at: position, to: &buffer) }
            } else {
                let deltas = try await store.log.deltas(after: position, limit: Self.page)
                position = deltas.last?.position ?? last
                for stored in deltas {
                    try buffer.add(
                        line: isJSON
                            ? JSONValue.object(DeltaText.json(stored, in: store)).description
                            : DeltaText.line(stored, in: store, now: CommandLineTool.now)
                    )
                }
            }
            try buffer.flush()
        }
        return position
    }

    private func add(_ change: EntityChange, at position: Int64, to buffer: inout BufferedOutput) throws {
        let collection = Text(collection ?? "")
        if isJSON {
            let json: JSONObject = [
                "format": 1, "collection": .text(collection), "id": .text(change.id), "position": .integer(position),
                "before": change.before.map { .object($0.properties) } ?? .null,
                "after": change.after.map { .object($0.properties) } ?? .null,
            ]
            return try buffer.add(line: JSONValue.object(json).description)
        }
        let place = "\(EntityArgument.encoded(collection))/\(EntityArgument.encoded(change.id))"
        guard let after = change.after else { return try buffer.add(line: "\(place) is gone") }
        for member in after.properties.members where change.before?.properties[member.name] != member.value {
            let name = TerminalText.bold(TerminalText.escaped(member.name.string, limitBytes: 64))
            let before = (change.before?.properties[member.name]).map { "  (was \(ValueText.column($0)))" } ?? ""
            try buffer.add(line: "\(place) \(name) = \(ValueText.column(member.value))\(before)")
        }
        for member in change.before?.properties.members ?? [] where after.properties[member.name] == nil {
            let name = TerminalText.bold(TerminalText.escaped(member.name.string, limitBytes: 64))
            try buffer.add(line: "\(place) \(name) has no value  (was \(ValueText.column(member.value)))")
        }
    }
}
