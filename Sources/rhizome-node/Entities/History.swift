import ArgumentParser
import Bytes
import CommandSupport
import RhizomeViews
import StrictJSON

struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show each change of an entity, oldest first.",
        discussion: """
            The changes in force: what was said and neither negated nor left out. With --json one object a line. Reads \
            the store itself; a node may run meanwhile.

            Examples:
              rhizome-node history user/taliesin-1
              rhizome-node history user/taliesin-1 name --authors alice
              rhizome-node history user/taliesin-1 --json | tail -n 1
            """
    )

    @OptionGroup var options: EntityOptions

    func run() async throws {
        let store = try await options.reading.open()
        let now = CommandLineTool.now
        let history = try await store.reader.history(of: options.entity.id, on: options.properties)
        guard let history else {
            let entity = options.entity
            throw CommandFailure.notFound("nothing is visible of \(entity); see: rhizome-node blame \(entity)")
        }
        try options.output.page()
        var buffer = BufferedOutput()
        var isEmpty = true
        for try await change in history {
            isEmpty = false
            if options.output.isJSON {
                var json: JSONObject = ["format": 1]
                for member in change.json.object?.members ?? [] { json.append(member.name, member.value) }
                json.append("name", store.petname(of: change.creator).map { .string($0) } ?? .null)
                try buffer.add(line: JSONValue.object(json).description)
            } else {
                let name = TerminalText.bold(TerminalText.escaped(change.property.string, limitBytes: 64))
                let row = store.columns(of: change.delta, by: change.creator, at: change.timeCreated, now: now)
                try buffer.add(line: "\(row)  \(name) = \(ValueText.column(change.value.json))")
            }
        }
        guard !isEmpty else { throw CommandFailure.notFound("nothing was said of \(options.place)") }
        try buffer.flush()
    }
}
