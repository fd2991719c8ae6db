import ArgumentParser
import Bytes
import CommandSupport
import RhizomeViews
import StrictJSON

struct Collections: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the collections.",
        discussion: """
            A collection is a name under which an entity is visible: nobody declares it. Reads the store itself; a node \
            may run meanwhile.

            Examples:
              rhizome-node collections
              rhizome-node collections --json | jq -r '.collections[]'
            """
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var reading: ReadingOptions

    func run() async throws {
        let store = try await reading.open()
        try output.page()
        var list = JSONNames("collections", in: store, [:], asJSON: output.isJSON)
        try await store.reader.forEachCollection { names in
            try list.add(names) { EntityArgument.encoded($0) }
            return true
        }
        try list.end()
    }
}
