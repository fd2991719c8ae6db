internal import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
public import SignedStatements
internal import StrictJSON

/// A JSON-Logic rule that picks deltas (spec: views.md, "JSON-Logic").
///
/// It sees each delta as `{id, creator, host, creatorAddress, creatorName, timeCreated, sequence, pointers}`, the
/// pointers as in a delta's JSON form. `host` is null where it is the author's own node, and the address is
/// `creator@creator` then; `creatorName` is the petname, null for those without one.
public struct DeltaFilter: Sendable {
    /// Steps that a filter may take: some to begin with, and some for each delta that it is run against.
    private static let baseSteps = 10_000
    private static let stepsPerDelta = 500

    /// The rule.
    public let rule: JSONLogicRule
    private let name: String
    private let petname: @Sendable (PublicKey) -> String?

    /// A filter by a rule.
    ///
    /// - Parameters:
    ///   - name: what an error calls it, since several filters may be passed one after the other.
    ///   - petname: what a person calls an author; asked for only where the rule looks at it.
    public init(
        _ rule: JSONLogicRule,
        name: String = "filter",
        petname: @escaping @Sendable (PublicKey) -> String? = { _ in nil }
    ) {
        self.rule = rule
        self.name = name
        self.petname = petname
    }

    /// The deltas for which the rule's answer is truthy, in the same order.
    ///
    /// - Throws: ``JSONLogicError``: `steps`, `bytes` or `depth` where the rule costs too much.
    func passing(_ deltas: [ViewedDelta]) throws(JSONLogicError) -> [ViewedDelta] {
        var run = Run(self)
        var passing: [ViewedDelta] = []
        for delta in deltas where try run.passes(delta) { passing.append(delta) }
        return passing
    }

    /// A filter on its way through the deltas of one answer, with one budget for all.
    struct Run {
        private let filter: DeltaFilter
        private var budget = JSONLogicBudget(steps: DeltaFilter.baseSteps)
        private var dids: [PublicKey: String] = [:]

        init(_ filter: DeltaFilter) { self.filter = filter }

        /// Whether the rule's answer is truthy for a delta.
        ///
        /// - Throws: ``JSONLogicError``: `steps`, `bytes` or `depth` where the rule costs too much.
        mutating func passes(_ delta: ViewedDelta) throws(JSONLogicError) -> Bool {
            let did = dids[delta.author] ?? delta.author.did
            dids[delta.author] = did
            budget.steps += DeltaFilter.stepsPerDelta
            do {
                let record = DeltaRecord(delta: delta, did: did, petname: filter.petname)
                return try filter.rule.evaluate(record, within: &budget).isTruthy
            } catch {
                throw error.of(rule: filter.name)
            }
        }
    }
}

/// A delta as a rule sees it; only what is asked for is made.
private struct DeltaRecord: JSONLogicRecord {
    let delta: ViewedDelta
    /// The author's.
    let did: String
    let petname: @Sendable (PublicKey) -> String?

    var names: [Text] {
        ["id", "creator", "host", "creatorAddress", "creatorName", "timeCreated", "sequence", "pointers"]
    }

    func member(_ name: Text) -> JSONLogicValue? {
        switch name {
        case "id": .text(Text(delta.id.description))
        case "creator": .text(Text(did))
        case "host": delta.host.map { .text(Text($0.did)) } ?? .null
        case "creatorAddress": .text(Text("\(did)@\(delta.host?.did ?? did)"))
        case "creatorName": petname(delta.author).map { .text(Text($0)) } ?? .null
        case "timeCreated": .number(Double(delta.timeCreated.microseconds))
        case "sequence": .number(Double(delta.sequence))
        case "pointers": JSONLogicValue(.array(delta.pointers.map(\.json)))
        default: nil
        }
    }
}
