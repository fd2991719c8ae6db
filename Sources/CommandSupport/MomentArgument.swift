internal import ArgumentParser
package import Bytes

/// DATE on the command line: a moment, or how long ago (spec: cli.md).
package enum MomentArgument: ExpressibleByArgument {
    /// A moment.
    case moment(Timestamp)
    /// So long before now.
    case ago(Duration)

    package init?(argument: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        if let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()),
            (0...100_000_000).contains(count)
        {
            self = .ago(.seconds(count * unit))
        } else if let moment = Timestamp(argument) {
            self = .moment(moment)
        } else {
            return nil
        }
    }

    /// The moment.
    package func moment(before now: Timestamp) -> Timestamp {
        switch self {
        case .moment(let moment): moment
        case .ago(let duration): now - duration
        }
    }
}
