import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews
import SignedStatements

/// A store that is read, and how.
struct ReadStore {
    let log: SQLiteDeltaLog
    let trust: TrustList
    let perspective: Perspective
    /// The context through which is looked.
    let context: Text?

    var reader: EntityReader { EntityReader(log: log, perspective: perspective) }

    /// What this home's owner calls an author; `nil` for the owner and for strangers.
    func petname(of author: PublicKey) -> String? { trust.entries[author]?.name ?? trust.lastName(of: author) }

    /// An author for people.
    func name(of author: PublicKey) -> String {
        author == trust.owner ? "me" : petname(of: author) ?? author.short + "…"
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
}
