import ArgumentParser
import Bytes
import CommandSupport
import RhizomeStore

/// POSITION|DATE on the command line: from where on (spec: cli.md).
enum SinceArgument: ExpressibleByArgument {
    case position(Int64)
    case moment(MomentArgument)

    static let help = "a position, or 2026-01-31T12:00:00Z, 2026-01-31, 90s, 15m, 2h, 3d ago"

    init?(argument: String) {
        if let position = Int64(argument), position >= 0 {
            self = .position(position)
        } else if let moment = MomentArgument(argument: argument) {
            self = .moment(moment)
        } else {
            return nil
        }
    }

    /// The position after which entries are meant: of a date the last before the first entry that came by then.
    func position(in log: SQLiteDeltaLog, now: Timestamp) async throws -> Int64 {
        switch self {
        case .position(let position): position
        case .moment(let moment): try await log.position(before: moment.moment(before: now))
        }
    }
}
