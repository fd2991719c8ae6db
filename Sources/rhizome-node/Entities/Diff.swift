import ArgumentParser
import Bytes
import CommandSupport
import RhizomeViews
import StrictJSON

struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what differs between two ways of looking at an entity.",
        discussion: """
            With --as-of the entity as it was then beside the one of now, or of --and; with --without alone, beside what is \
            left without those authors. All of one state of the store. Exits 1 where something differs.

            Examples:
              rhizome-node diff user/taliesin-1 --as-of 2d
              rhizome-node diff user/taliesin-1 --as-of 2026-01-01 --and 2026-02-01
              rhizome-node diff user/taliesin-1 --without mallory
            """
    )

    @Option(help: ArgumentHelp("The later of two moments; now without it.", valueName: "DATE"))
    var and: MomentArgument?
    @OptionGroup var output: OutputOptions
    @OptionGroup var reading: ReadingOptions
    @Argument(help: EntityArgument.help)
    var entity: EntityArgument

    func validate() throws {
        if reading.asOf == nil, reading.without == nil {
            throw ValidationError("there is nothing to hold it against; give --as-of DATE or --without PEER")
        }
        if and != nil, reading.asOf == nil { throw ValidationError("--and goes with --as-of; give both") }
    }

    /// The two ways of looking.
    private var sides: (before: ReadingOptions, after: ReadingOptions) {
        var (before, after) = (reading, reading)
        if reading.asOf != nil { after.asOf = and } else { before.without = nil }
        return (before, after)
    }

    private struct Difference {
        let property: Text
        let before: JSONValue?
        let after: JSONValue?
    }

    func run() async throws {
        let store = try await sides.before.open()
        let other = EntityReader(
            log: store.state,
            perspective: try await sides.after.perspective(of: store.log, by: store.trust)
        )
        let before = try await store.reader.parts(of: entity.id, in: entity.collection)
        let after = try await other.parts(of: entity.id, in: entity.collection)
        guard before != nil || after != nil else {
            throw CommandFailure.notFound(
                "nothing is visible of \(entity) either way; see: rhizome-node blame \(entity)"
            )
        }
        try output.page()
        var buffer = BufferedOutput()
        if output.isJSON {
            var json = store.envelope(of: entity)
            json.append("visible", ["before": .bool(before != nil), "after": .bool(after != nil)])
            json.append("properties", .array([]))
            // All but the two closing brackets.
            try buffer.add(JSONValue.object(json).encoded.dropLast(2))
        } else if before == nil || after == nil {
            try buffer.add(line: before == nil ? "- nothing is visible" : "+ nothing is visible")
        }
        var isEqual = (before == nil) == (after == nil)
        var isFirst = true
        var pairs = PropertyPairs(PropertyStream(before), PropertyStream(after))
        while let (name, old, new) = try await pairs.next() {
            guard old != new else { continue }
            isEqual = false
            try add(Difference(property: name, before: old, after: new), isFirst: isFirst, to: &buffer)
            isFirst = false
        }
        if output.isJSON { try buffer.add(line: "]}") }
        try buffer.flush()
        if !isEqual { throw ExitCode.failure }
    }

    private func add(_ difference: Difference, isFirst: Bool, to buffer: inout BufferedOutput) throws {
        if output.isJSON {
            var json: JSONObject = ["property": .text(difference.property)]
            if let before = difference.before { json.append("before", before) }
            if let after = difference.after { json.append("after", after) }
            try buffer.add((isFirst ? [] : [UInt8(ascii: ",")]) + JSONValue.object(json).encoded)
            return
        }
        let name = TerminalText.bold(TerminalText.escaped(difference.property.string, limitBytes: 64))
        for (sign, value) in [("-", difference.before), ("+", difference.after)] {
            guard let value else { continue }
            try buffer.add(line: "\(sign) \(name)  \(TerminalText.escaped(value.description, limitBytes: 4096))")
        }
    }
}
