import ArgumentParser
import Bytes
import CommandSupport
import StrictJSON

struct Unset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Clear properties of an entity.",
        discussion: """
            Says that they have no value, in this identity's name: what was said before stays on record. Through the \
            running node, or to the store where none runs.

            Examples:
              rhizome-node unset user/taliesin-1 age
              rhizome-node unset user/taliesin-1 age town --json
            """
    )

    @OptionGroup var options: WriteOptions
    @Argument(help: EntityArgument.help)
    var entity: EntityArgument
    @Argument(help: ArgumentHelp("The properties.", valueName: "PROPERTY"))
    var names: [String]

    func run() async throws {
        var properties = JSONObject()
        for name in names where properties[Text(name)] == nil { properties.append(Text(name), .null) }
        try await PropertyWrite(entity: entity, properties: properties, saysAll: false, options: options).run()
    }
}
