import ArgumentParser
import Bytes
import CommandSupport
import RhizomeCore
import RhizomeDatabase
import RhizomeHTTP
import RhizomeIdentity
import RhizomeViews
import StrictJSON

struct Retract: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take back a delta of one's own.",
        discussion: """
            Signs that it doesn't count any more; it stays on record, and so does this. What others said, they alone or \
            a context's moderators take back. Through the running node, or to the store where none runs.

            Examples:
              rhizome-node log --author me --limit 5
              rhizome-node retract 3f7a90c211de
            """
    )

    @OptionGroup var options: WriteOptions
    @Argument(help: DeltaArgument.help)
    var delta: DeltaArgument

    func run() async throws {
        let store = try await options.home.openReadStore()
        let stored = try await delta.find(in: store.log)
        guard stored.delta.author == store.trust.owner else {
            throw CommandFailure(
                "\(stored.id) is by \(store.nameAndKey(of: stored.delta.author)), who alone takes it back; look without it "
                    + "by --without, or take trust back: rhizome-keys distrust",
                codeName: "foreign"
            )
        }
        guard try await store.reader.standing(of: stored.id)?.isNegated != true else {
            CommandLineTool.note("nothing changes: \(stored.id) is retracted already")
            return try show(stored.id, by: nil)
        }
        let id = try await options.write(.negation(of: stored.id))
        try show(stored.id, by: id)
    }

    /// - Parameter negation: the delta that was written; `nil` where none was.
    private func show(_ id: DeltaID, by negation: DeltaID?) throws {
        if options.isJSON {
            let json: JSONObject = ["format": 1, "retracted": id.json, "delta": negation?.json ?? .null]
            try CommandLineTool.show(JSONValue.object(json).description)
        } else if let negation {
            try CommandLineTool.show("retracted \(id) by \(negation)")
        }
    }
}
