import ArgumentParser
import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeViews
import SignedStatements
import StrictJSON

struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one delta whole.",
        discussion: """
            What it says, whether its signature holds, when and from whom it got here and by which trust statement, what \
            it negates and what negates it. Reads the store itself; a node may run meanwhile.

            Examples:
              rhizome-node show 3f7a90c211de
              rhizome-node show --json 3f7a90c211de | jq '.pointers'
            """
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var home: HomeOption
    @Argument(help: DeltaArgument.help)
    var delta: DeltaArgument

    func run() async throws {
        let store = try await home.openReadStore()
        let stored = try await delta.find(in: store.log)
        guard let standing = try await store.reader.standing(of: stored.id) else {
            throw CommandFailure.notFound("no delta \(stored.id) is held; see: rhizome-node log")
        }
        try output.page()
        if output.isJSON {
            try CommandLineTool.show(JSONValue.object(json(stored, standing, store)).description)
        } else {
            let isVerified = if case .success = VerifiedDelta.verify(stored.delta) { true } else { false }
            for line in lines(stored, standing, isVerified, store) { try CommandLineTool.show(line) }
        }
    }

    private func json(_ stored: StoredDelta, _ standing: DeltaStanding, _ store: ReadStore) -> JSONObject {
        var json = DeltaText.json(stored, in: store)
        for member in stored.testimony(by: store.trust).members where json[member.name] == nil {
            json.append(member.name, member.value)
        }
        json.append("counts", .bool(standing.isInForce))
        json.append("negated", .bool(standing.isNegated))
        json.append("negates", .array(stored.delta.body.pointers.negates.map(\.json)))
        json.append(
            "negatedBy",
            .array(standing.negations.map { ["delta": $0.id.json, "creator": $0.author.json] })
        )
        return json
    }

    private func lines(
        _ stored: StoredDelta,
        _ standing: DeltaStanding,
        _ isVerified: Bool,
        _ store: ReadStore
    ) -> [String] {
        let now = CommandLineTool.now
        let header = stored.delta.header
        func told(_ time: Timestamp) -> String { "\(time) (\(TerminalText.ago(now - time)))" }
        var rows = [
            ["delta", stored.id.description], ["author", store.nameAndKey(of: stored.delta.author)],
            ["made", told(header.timeCreated)],
            ["place", "\(header.sequence) in its author's log, \(stored.position) in this store"],
        ]
        for id in header.previous { rows.append(["after", id.description]) }
        if let host = stored.delta.body.host { rows.append(["host", store.nameAndKey(of: host)]) }
        let from = stored.arrival.receivedFrom.map { " from " + store.nameAndKey(of: $0) } ?? ", written here"
        rows.append(["received", told(stored.arrival.timeReceived) + from])
        if let id = stored.arrival.trustStatement {
            let statement = store.trust.statement(id)
            let place =
                statement.map { "statement \($0.sequence) of \($0.time)" } ?? "a statement that the journal lacks"
            rows.append(["trust", "\(place), \(Hex.encode(id.array).prefix(12))"])
        }
        rows.append(["signature", isVerified ? "holds" : "DOES NOT HOLD; run: rhizome-node audit"])
        rows.append(["counts", counts(stored, standing, store)])
        for id in stored.delta.body.pointers.negates { rows.append(["negates", id.description]) }
        for negation in standing.negations {
            rows.append(["negated by", "\(negation.id) by \(store.name(of: negation.author))"])
        }
        for pointer in stored.delta.body.pointers { rows.append(["says", DeltaText.line(of: pointer)]) }
        return TerminalText.aligned(rows.map { [TerminalText.bold(TerminalText.padded($0[0], to: 10)), $0[1]] })
    }

    /// Whether it counts in views, and why not.
    private func counts(_ stored: StoredDelta, _ standing: DeltaStanding, _ store: ReadStore) -> String {
        if standing.isInForce { return "yes" }
        if standing.isNegated { return "no: it is negated" }
        switch store.trust.standing(of: stored.delta.author, at: CommandLineTool.now) {
        case .distrusted: return "no: its author is distrusted"
        default: return standing.isLeft ? "no" : "no: its transaction isn't complete"
        }
    }
}
