import ArgumentParser
import Bytes
import CommandSupport
import RhizomeDatabase
import RhizomeIdentity
import RhizomeQueries
import RhizomeViews
import SignedStatements
import StrictJSON

struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Answer a query of the relational algebra.",
        discussion: """
            FILE holds what POST /api/query takes: {"query": …}, with let, params, provenance and how to look; options \
            narrow that. Reads the store itself, of one state; a node may run meanwhile. A query without meaning ends \
            with 65 and the place of its fault, one that takes more than it may with 1.

            Examples:
              echo '{"query":{"entities":{"of":"user","columns":["name"]}}}' | rhizome-node query -
              rhizome-node query adults.json --param least:=18 --csv
              rhizome-node query adults.json --json | jq -r '.rows[].name'
            """
    )

    /// Columns that a cell takes at most, so that a long one doesn't push all others aside.
    private static let cellBytes = 60

    @Option(help: ArgumentHelp("A parameter's value, as NAME=TEXT or NAME:=JSON.", valueName: "PARAM"))
    var param: [String] = []
    @Flag(name: .customLong("csv"), help: "Print a table for programs (RFC 4180).")
    var isTable = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var reading: ReadingOptions
    @Argument(help: ArgumentHelp("The query; - reads standard input.", valueName: "FILE"))
    var file: String

    func validate() throws {
        if isTable, output.isJSON { throw ValidationError("--csv and --json exclude each other") }
        _ = try parameters()
    }

    func run() async throws {
        let (_, log, trust) = try await reading.home.openStore()
        var definition = try definition(trust)
        for (name, value) in try parameters() { definition.query.parameters[name] = value }
        let perspective = definition.narrow(
            try await reading.perspective(of: log, by: trust, context: definition.context?.string),
            petname: { trust.entries[$0]?.name }
        )
        if isTable, definition.query.provenance != .none { throw CommandMisuse("--csv tells no provenance") }
        let run = try QueryRun(definition.query, of: log, now: { NodeClock.system.uptime })
        let answer = try await run.answer(from: perspective)
        let shown = min(definition.query.limit ?? .max, answer.result.count)
        if isTable { return try showTable(answer, shown) }
        if output.isJSON { return try showJSON(answer, shown, definition) }
        try output.page()
        try showLines(answer, shown)
        if shown < answer.result.count { CommandLineTool.note("\(answer.result.count - shown) more rows") }
    }

    private func definition(_ trust: TrustList) throws -> QueryDefinition {
        let input = try InputFile(file)
        var bytes: [UInt8] = []
        while bytes.count <= QueryBounds.text.bytes, let part = try input.next() { bytes += part }
        guard let object = try JSONValue(parsing: bytes, limits: QueryBounds.text).object else {
            throw CommandFailure("\(file) holds no query; it is an object with \"query\"", .malformed)
        }
        return try QueryDefinition(
            json: object,
            identity: { try? trust.author(named: $0) },
            time: { json in
                json.text.map { MomentArgument(argument: $0.string)?.moment(before: CommandLineTool.now) }
                    ?? json.integer.map { Timestamp(microseconds: $0) }
            }
        )
    }

    private func parameters() throws -> [(name: Text, value: JSONValue)] {
        try param.map { text in
            guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
                throw ValidationError("--param is NAME=TEXT or NAME:=JSON; this is '\(text)'")
            }
            let (name, value) = (text[..<sign], text[text.index(after: sign)...])
            guard name.hasSuffix(":") else { return (Text(String(name)), .string(String(value))) }
            do {
                return (Text(String(name.dropLast())), try JSONValue(parsing: Array(value.utf8)))
            } catch {
                throw ValidationError("--param \(name): \(error)")
            }
        }
    }

    // MARK: - Printing

    private func showTable(_ answer: QueryAnswer, _ shown: Int) throws {
        var buffer = BufferedOutput()
        try buffer.add(answer.result.tableHead)
        for row in 0..<shown { try buffer.add(answer.result.tableLine(ofRow: row)) }
        try buffer.flush()
    }

    private func showJSON(_ answer: QueryAnswer, _ shown: Int, _ definition: QueryDefinition) throws {
        let context = reading.context.map { Text($0) } ?? definition.context
        let head: JSONObject = [
            "format": 1, "context": context.map { .text($0) } ?? .null,
            "epoch": .string(Hex.encode(answer.epoch)), "position": .integer(answer.position),
            "count": .integer(Int64(answer.result.count)),
            "columns": .array(answer.result.columns.map { .text($0) }), "rows": [],
        ]
        var buffer = BufferedOutput()
        // All but the two closing brackets.
        try buffer.add(JSONValue.object(head).encoded.dropLast(2))
        for row in 0..<shown {
            if row > 0 { try buffer.add([UInt8(ascii: ",")]) }
            try buffer.add(JSONValue.object(answer.result.json(ofRow: row)).encoded)
        }
        try buffer.add(line: "]}")
        try buffer.flush()
    }

    /// In columns, what is absent empty; a text in quotes, as all JSON.
    private func showLines(_ answer: QueryAnswer, _ shown: Int) throws {
        let result = answer.result
        func cells(_ row: Int) -> [String] {
            var cells = result.cells(ofRow: row).map { $0.map { ValueText.column($0) } ?? "" }
            let because = result.because(ofRow: row)
            if !because.isEmpty { cells.append("\(because.count): " + DeltaText.short(because[0])) }
            return cells
        }
        let head = result.columns.map { TerminalText.escaped($0.string, limitBytes: Self.cellBytes) }
        // Twice, so that lines needn't all be held.
        let widths = TerminalText.widths(of: (-1..<shown).lazy.map { $0 < 0 ? head : cells($0) })
        var buffer = BufferedOutput()
        try buffer.add(line: TerminalText.bold(TerminalText.aligned(head, to: widths)))
        for row in 0..<shown { try buffer.add(line: TerminalText.aligned(cells(row), to: widths)) }
        try buffer.flush()
    }
}
