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

    @Option(
        help: ArgumentHelp(
            "Words at most that don't count, of each property: 0 to 10000 (default: 10, with --json 10000).",
            valueName: "N"
        )
    )
    var limit: Int?
    @OptionGroup var options: EntityOptions

    func validate() throws {
        if let limit, !(0...EntityBlame.words).contains(limit) {
            throw ValidationError("--limit is a number from 0 to \(EntityBlame.words)")
        }
    }

    func run() async throws {
        let store = try await options.reading.open()
        let blame = try await store.reader.blame(
            of: options.entity.id,
            in: options.entity.collection,
            on: options.properties,
            limit: limit ?? (options.output.isJSON ? EntityBlame.words : Self.shown)
        )
        guard let blame else {
            throw CommandFailure.notFound("nothing was said of \(options.place)")
        }
        try options.output.page()
        var output = BufferedOutput()
        if options.output.isJSON {
            var json = BlameJSON(
                blame,
                in: options.entity.collection,
                context: store.context,
                epoch: store.log.epoch,
                petname: store.petname
            )
            while let part = json.next(atLeast: BufferedOutput.part) { try output.add(part) }
            try output.add(line: "")
        } else {
            try BlameText(blame: blame, store: store, now: CommandLineTool.now).forEachLine { try output.add(line: $0) }
        }
        try output.flush()
    }
}
