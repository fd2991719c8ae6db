import ArgumentParser
import Bytes
import CommandSupport
import RhizomeViews
import StrictJSON

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show an entity's properties, or the value of one.",
        discussion: """
            Reads the store itself; a node may run meanwhile. Of one property the bare value is printed, for scripts. \
            Exits 1 where nothing is visible of the entity, or it has no such property.

            Examples:
              rhizome-node get user/taliesin-1
              rhizome-node get user/taliesin-1 name --as-of 2d
              rhizome-node get user/taliesin-1 --without mallory --json | jq '.properties'
            """
    )

    /// Columns that names of properties take at most, so that a long one doesn't push all values aside.
    private static let nameColumns = 32

    @OptionGroup var options: EntityOptions

    func run() async throws {
        let store = try await options.reading.open()
        let entity = options.entity
        if let property = options.property {
            try await show(Text(property), store)
        } else {
            guard let parts = try await store.reader.parts(of: entity.id, in: entity.collection) else {
                throw CommandFailure.notFound("nothing is visible of \(entity); see: rhizome-node blame \(entity)")
            }
            try options.output.page()
            try await options.output.isJSON ? showJSON(parts, store) : showLines(parts)
        }
    }

    private func show(_ property: Text, _ store: ReadStore) async throws {
        let entity = options.entity
        guard let value = try await store.reader.value(of: property, of: entity.id, in: entity.collection) else {
            throw CommandFailure.notFound("\(entity) has no \(property); see: rhizome-node get \(entity)")
        }
        guard options.output.isJSON else { return try CommandLineTool.show(ValueText.bare(value)) }
        var json = store.envelope(of: entity)
        json.append("property", .text(property))
        json.append("value", value)
        try CommandLineTool.show(JSONValue.object(json).description)
    }

    private func showJSON(_ parts: EntityParts, _ store: ReadStore) async throws {
        var buffer = BufferedOutput()
        var json = store.envelope(of: options.entity)
        json.append("properties", .object(parts.first.properties))
        // All but the two closing braces.
        try buffer.add(JSONValue.object(json).encoded.dropLast(2))
        var isFirst = parts.first.properties.members.isEmpty
        if let rest = parts.rest {
            for try await (name, value) in rest {
                if !isFirst { try buffer.add([UInt8(ascii: ",")]) }
                isFirst = false
                try buffer.add(JSONValue.text(name).encoded + [UInt8(ascii: ":")] + value.encoded)
            }
        }
        try buffer.add(line: "}}")
        try buffer.flush()
    }

    private func showLines(_ parts: EntityParts) async throws {
        var buffer = BufferedOutput()
        let names = parts.first.properties.members.map { TerminalText.escaped($0.name.string) }
        let width = min(names.map { TerminalText.columns(of: $0) }.max() ?? 0, Self.nameColumns)
        func line(_ name: Text, _ value: JSONValue) -> String {
            let name = TerminalText.padded(TerminalText.escaped(name.string), to: width)
            return TerminalText.bold(name) + "  " + TerminalText.escaped(value.description, limitBytes: 4096)
        }
        for member in parts.first.properties.members { try buffer.add(line: line(member.name, member.value)) }
        if let rest = parts.rest {
            for try await (name, value) in rest { try buffer.add(line: line(name, value)) }
        }
        try buffer.flush()
    }
}
