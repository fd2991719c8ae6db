import ArgumentParser
import Bytes
import CommandSupport
import RhizomeCore
import RhizomeStore
import RhizomeViews
import StrictJSON

struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the deltas that are held, newest first.",
        discussion: """
            By the time at which their authors dated them; all that is held, whether or not it counts. With --json one \
            delta a line. Reads the store itself; a node may run meanwhile.

            Examples:
              rhizome-node log --limit 20
              rhizome-node log --author bob --since 2d
              rhizome-node log --entity user/taliesin-1 --reverse --json
              rhizome-node log --author bob --graph
            """
    )

    @Option(help: ArgumentHelp("Only this author's: a petname or a did.", valueName: "PEER"))
    var author: String?
    @Option(help: ArgumentHelp("Only those about this entity, whatever its collection.", valueName: "ENTITY"))
    var entity: EntityArgument?
    @Option(help: ArgumentHelp("Only those dated at this moment or later.", valueName: "DATE"))
    var since: MomentArgument?
    @Option(help: ArgumentHelp("Only those dated at this moment or earlier.", valueName: "DATE"))
    var until: MomentArgument?
    @Option(help: ArgumentHelp("Deltas at most.", valueName: "N"))
    var limit: Int?
    @Flag(name: .customLong("reverse"), help: "The oldest first.")
    var isReversed = false
    @Flag(name: .customLong("graph"), help: "Show the branches of an author's log; needs --author.")
    var isGraph = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var home: HomeOption

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is a number from 1") }
        guard isGraph else { return }
        if author == nil { throw ValidationError("--graph shows one author's log; give --author PEER") }
        if entity != nil || isReversed || output.isJSON {
            throw ValidationError("--graph goes with neither --entity nor --reverse nor --json")
        }
    }

    func run() async throws {
        let store = try await home.openReadStore()
        let now = CommandLineTool.now
        var query = Timeline.Query()
        query.author = try author.map { try ReadingOptions.identity($0, "--author", in: store.trust) }
        query.entity = entity?.id
        query.since = since?.moment(before: now)
        query.until = until?.moment(before: now)
        query.isReversed = isReversed
        try output.page()
        var buffer = BufferedOutput()
        var graph = LogGraph()
        var left = limit ?? .max
        for try await stored in store.state.timeline(query) {
            if output.isJSON {
                try buffer.add(line: JSONValue.object(DeltaText.json(stored, in: store)).description)
            } else {
                let line = DeltaText.line(stored, in: store, now: now)
                for line in isGraph ? graph.lines(of: stored.delta, saying: line) : [line] {
                    try buffer.add(line: line)
                }
            }
            left -= 1
            if left == 0 { break }
        }
        try buffer.flush()
    }
}
