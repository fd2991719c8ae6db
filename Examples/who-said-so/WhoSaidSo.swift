import Bytes
import Foundation
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import RhizomeViews

/// Prints what was said of an entity, when, and by whom: `who-said-so HOME ENTITY`.
///
/// Reads the store itself; a node may run on it meanwhile.
@main
enum WhoSaidSo {
    static func main() async {
        guard CommandLine.arguments.count == 3 else {
            print("usage: who-said-so HOME ENTITY")
            exit(64)
        }
        do {
            try await tell(home: CommandLine.arguments[1], entity: CommandLine.arguments[2])
        } catch {
            print("error: \(error)")
            exit(1)
        }
    }

    private static func tell(home path: String, entity: String) async throws {
        let home = try Home.open(path)
        let owner = try home.keyFile().publicKey
        // Verified from the first statement to the last: a journal that was tampered with throws.
        let trust = try TrustJournal(home: home, owner: owner).loadWitnessed().list
        let log = try SQLiteDeltaLog.openForReading(
            folder: home.path + "/data",
            version: "example",
            now: SystemTime.now
        )
        // What the list keeps out isn't shown, as the node itself doesn't show it.
        let perspective = Perspective(without: try await Exclusion(by: trust, in: log))
        let reader = EntityReader(log: log, perspective: perspective)
        guard let history = try await reader.history(of: .init(entity)) else {
            print("nothing is held about \(entity)")
            return
        }
        for try await change in history {
            let author = change.creator == owner ? "I" : trust.entries[change.creator]?.name ?? change.creator.did
            print("\(change.property) = \(text(change.value)), said \(author) on \(change.timeCreated)")
        }
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .null: "nothing"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .float(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        }
    }
}
