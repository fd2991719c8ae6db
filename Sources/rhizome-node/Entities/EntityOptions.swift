import ArgumentParser
import Bytes
import CommandSupport

/// What commands take that tell of an entity, or of one property of it.
struct EntityOptions: ParsableArguments {
    @OptionGroup var output: OutputOptions
    @OptionGroup var reading: ReadingOptions
    @Argument(help: EntityArgument.help)
    var entity: EntityArgument
    @Argument(help: ArgumentHelp("The property; all without it.", valueName: "PROPERTY"))
    var property: String?

    /// The properties that are asked about; all where `nil`.
    var properties: Set<Text>? { property.map { [Text($0)] } }

    /// What was asked about, for people.
    var place: String { ([entity.description] + [property].compactMap { $0 }).joined(separator: " ") }
}
