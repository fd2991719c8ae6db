import ArgumentParser
import Bytes
import CommandSupport
import HomeFiles
import RhizomeCore
import StrictJSON

struct Put: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an entity's properties.",
        discussion: """
            Writes what changes, all of it or nothing, signed by this home's identity; through the running node, or to \
            the store where none runs. Prints each property that changed with its delta.

              name=TEXT     a text
              age:=JSON     a number, true, false, a text, or null, which clears
              note=@FILE    a text from a file; - is standard input
              -             all properties, as a JSON object from standard input

            Examples:
              rhizome-node put user/taliesin-1 name=Taliesin age:=42
              rhizome-node put note/1 text=@letter.txt
              echo '{"name": "Taliesin"}' | rhizome-node put user/taliesin-1 -
            """
    )

    /// More than a delta may have (spec: delta.md), so that the error is its own.
    private static let textBytes = DeltaLimits.bodyBytes + 1
    private static let objectBytes = 64 << 20

    @Flag(help: "Say every property in this identity's own name, though its value be so already.")
    var sayAll = false
    @OptionGroup var options: WriteOptions
    @Argument(help: EntityArgument.help)
    var entity: EntityArgument
    @Argument(help: ArgumentHelp("The properties, or -.", valueName: "PROPERTY=VALUE"))
    var assignments: [String]

    func validate() throws {
        if assignments.isEmpty { throw ValidationError("give at least one PROPERTY=VALUE, or -") }
        if assignments.contains("-"), assignments.count > 1 { throw ValidationError("- stands alone") }
    }

    func run() async throws {
        let properties = try properties()
        try await PropertyWrite(entity: entity, properties: properties, saysAll: sayAll, options: options).run()
    }

    private func properties() throws -> JSONObject {
        if assignments == ["-"] {
            let bytes = try OutsideFile.standardInput(limit: Self.objectBytes)
            let json: JSONValue
            do { json = try JSONValue(parsing: bytes) } catch { throw CommandFailure(error, at: "standard input") }
            guard let object = json.object else {
                throw CommandFailure("standard input is no JSON object; give {\"name\": \"…\"}", .malformed)
            }
            return object
        }
        var properties = JSONObject()
        for assignment in assignments {
            let (name, value) = try Self.property(assignment)
            guard properties[name] == nil else { throw CommandMisuse("\(name) is given twice; give it once") }
            properties.append(name, value)
        }
        return properties
    }

    /// What `name=TEXT`, `name:=JSON` or `name=@FILE` says.
    private static func property(_ assignment: String) throws -> (Text, JSONValue) {
        let parts = assignment.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = String(parts[0]), let text = String(parts[1]), !name.isEmpty, name != ":"
        else {
            throw CommandMisuse("'\(assignment)' is no property; give name=TEXT, name:=JSON or name=@FILE")
        }
        if name.hasSuffix(":") {
            do {
                return (Text(String(name.dropLast())), try JSONValue(parsing: Array(text.utf8)))
            } catch {
                throw CommandFailure(error, at: String(name.dropLast()))
            }
        }
        guard text.hasPrefix("@") else { return (Text(name), .text(Text(text))) }
        let file = String(text.dropFirst())
        let bytes =
            file == "-"
            ? try OutsideFile.standardInput(limit: textBytes)
            : try OutsideFile.contents(UserPath.expanded(file), limit: textBytes)
        guard let content = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure("\(file) is not UTF-8; a property's text is", .malformed)
        }
        return (Text(name), .text(Text(content)))
    }
}
