import ArgumentParser
import CommandSupport
import RhizomeCore
import RhizomeStore

/// DELTA on the command line: a delta's id, or enough of its beginning.
struct DeltaArgument: ExpressibleByArgument {
    static let help = ArgumentHelp("A delta's id, or its first 8 or more digits.", valueName: "DELTA")
    /// Ids that are named where the digits fit several.
    private static let named = 4

    let digits: String

    init?(argument: String) {
        let digits = argument.lowercased()
        guard (8...64).contains(digits.utf8.count), digits.utf8.allSatisfy(Self.isHex) else { return nil }
        self.digits = digits
    }

    private static func isHex(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }

    /// The delta that is meant.
    ///
    /// - Throws: ``CommandFailure`` where none is held, or several are.
    func find(in log: SQLiteDeltaLog) async throws -> StoredDelta {
        let ids = try await log.ids(beginningWith: digits, limit: Self.named)
        guard let id = ids.first, let delta = try await log.deltas([id]).first else {
            throw CommandFailure.notFound("no delta \(digits) is held; see: rhizome-node log")
        }
        guard ids.count == 1 else {
            throw CommandFailure(
                "\(digits) begins several ids; give more digits: " + ids.map(\.description).joined(separator: ", "),
                codeName: "ambiguous"
            )
        }
        return delta
    }
}
