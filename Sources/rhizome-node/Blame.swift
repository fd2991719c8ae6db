import ArgumentParser
import Bytes
import CommandSupport
import RhizomeStore
import RhizomeViews
import StrictJSON

struct Blame: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who said what an entity is, and what that won over.",
        discussion: """
            Tells of each property on which deltas its value rests, who signed them and when, and what else was said of \
            it, with the reason for which it doesn't count: a later word, a negation, an author who isn't trusted any \
            more, and so on. Reads the store itself; a node may run meanwhile.

            Examples:
              rhizome-node blame user/taliesin-1
              rhizome-node blame user/taliesin-1 name --as-of 2h
              rhizome-node blame --json user/taliesin-1 | jq '.properties[].because'
            """
    )

    /// Words that are told of each property, for people.
    private static let shown = 10

    @Flag(name: .customLong("json"), help: "Print the outcome as JSON.")
    var isJSON = false
    @Option(
        help: ArgumentHelp("Words at most that don't count, of each property: 10, with --json 10000.", valueName: "N")
    )
    var limit: Int?
    @OptionGroup var reading: ReadingOptions
    @Argument(help: EntityArgument.help)
    var entity: EntityArgument
    @Argument(help: ArgumentHelp("The property; all without it.", valueName: "PROPERTY"))
    var property: String?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit is a number from 0") }
    }

    func run() async throws {
        let store = try await reading.open()
        let blame = try await store.reader.blame(
            of: entity.id,
            in: entity.collection,
            on: property.map { [Text($0)] },
            limit: limit ?? (isJSON ? EntityBlame.words : Self.shown)
        )
        guard let blame else {
            throw CommandFailure(
                "nothing was said of \(entity.collection)/\(entity.id)\(property.map { " \($0)" } ?? "")"
            )
        }
        if isJSON {
            let json = blame.json(
                in: entity.collection,
                context: store.context,
                epoch: store.log.epoch,
                petname: store.petname
            )
            try CommandLineTool.show(JSONValue.object(json).description)
        } else {
            for line in BlameText(blame: blame, store: store, now: CommandLineTool.now).lines {
                try CommandLineTool.show(line)
            }
        }
    }
}
