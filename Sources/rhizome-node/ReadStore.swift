import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import SignedStatements
import StrictJSON

/// A store that is read, and how.
struct ReadStore {
    private static let nameColumns = 16

    let log: SQLiteDeltaLog
    /// The state that is read, whatever is written meanwhile.
    let state: StoreState
    let trust: TrustList
    let perspective: Perspective
    /// The context through which is looked.
    let context: Text?

    var reader: EntityReader { EntityReader(log: state, perspective: perspective) }

    /// What this home's owner calls an author; `nil` for the owner and for strangers.
    func petname(of author: PublicKey) -> String? { trust.entries[author]?.name ?? trust.lastName(of: author) }

    /// An author for people.
    func name(of author: PublicKey) -> String {
        author == trust.owner ? "me" : petname(of: author) ?? author.short + "…"
    }

    /// An author with the whole did, for people.
    func nameAndKey(of author: PublicKey) -> String {
        let name = author == trust.owner ? "me" : petname(of: author)
        return name.map { "\(TerminalText.escaped($0)) (\(author.did))" } ?? author.did
    }

    /// Which delta it was, when and by whom, in columns of one width however many lines there are.
    func columns(of delta: DeltaID, by author: PublicKey, at time: Timestamp, now: Timestamp) -> String {
        let name = TerminalText.escaped(name(of: author), limitBytes: Self.nameColumns)
        return TerminalText.faint(DeltaText.short(delta)) + "  "
            + TerminalText.padded(TerminalText.ago(now - time), to: 13) + "  "
            + TerminalText.padded(name, to: Self.nameColumns)
    }

    /// What each answer as JSON begins with: the state that it shows.
    var envelope: JSONObject {
        [
            "format": 1,
            "context": context.map { .text($0) } ?? .null,
            "epoch": .string(Hex.encode(log.epoch)),
            "position": .integer(state.position),
        ]
    }

    /// The same of an answer about an entity.
    func envelope(of entity: EntityArgument) -> JSONObject {
        var json: JSONObject = ["format": 1, "id": .text(entity.id), "collection": .text(entity.collection)]
        for member in envelope.members.dropFirst() { json.append(member.name, member.value) }
        return json
    }
}

extension HomeOption {
    /// Opens the home's store for reading, whether or not a node runs, with the list by which it is seen.
    func openStore() async throws -> (home: Home, log: SQLiteDeltaLog, trust: TrustList) {
        let home = try open()
        let owner = try home.keyFile().publicKey
        let log = try SQLiteDeltaLog.openForReading(
            folder: home.path + "/data",
            version: CommandLineTool.version,
            now: CommandLineTool.now
        )
        let trust = try TrustJournal(home: home, owner: owner)
            .loadWitnessed(isWitnessNeeded: try await log.count() > 0).list
        return (home, log, trust)
    }

    /// The same, seen as the node sees it.
    func openReadStore() async throws -> ReadStore {
        let (_, log, trust) = try await openStore()
        return ReadStore(
            log: log,
            state: try await log.state(),
            trust: trust,
            perspective: Perspective(without: try await Exclusion(by: trust, in: log)),
            context: nil
        )
    }
}
