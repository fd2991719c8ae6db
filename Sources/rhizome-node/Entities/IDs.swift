import ArgumentParser
import Bytes
import CommandSupport
import RhizomeViews
import StrictJSON

struct IDs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ids",
        abstract: "List the entities of a collection.",
        discussion: """
            By the bytes of their ids, as ENTITY takes them: those that are visibly referenced under the collection's \
            name. Reads the store itself; a node may run meanwhile.

            Examples:
              rhizome-node ids user
              rhizome-node ids user --after m --limit 20
              rhizome-node ids user --json | jq -r '.ids[]'
            """
    )

    /// Ids that are looked up at once.
    private static let page = 1_000

    @Option(help: ArgumentHelp("Only ids after this one, whether or not there is one.", valueName: "ID"))
    var after: String?
    @Option(help: ArgumentHelp("Ids at most.", valueName: "N"))
    var limit: Int?
    @OptionGroup var output: OutputOptions
    @OptionGroup var reading: ReadingOptions
    @Argument(help: ArgumentHelp("The collection, as user.", valueName: "COLLECTION"))
    var collection: String

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is a number from 1") }
        if collection.isEmpty { throw ValidationError("COLLECTION is a name, as user") }
    }

    func run() async throws {
        let store = try await reading.open()
        try output.page()
        var list = JSONNames("ids", in: store, ["collection": .string(collection)], asJSON: output.isJSON)
        var left = limit ?? .max
        var last = after.map { Text($0) }
        while left > 0 {
            let page = try await store.reader.collection(Text(collection), after: last, count: min(left, Self.page))
            try list.add(page.ids) { EntityArgument.encoded($0) }
            left -= page.ids.count
            guard page.hasMore, let end = page.ids.last else { break }
            last = end
        }
        try list.end()
    }
}
