import Foundation

/// A figure beside what it should be at most.
struct Goal {
    private let text: String

    /// How many times as long something takes as something else of the same run.
    static func ratio(_ time: Duration, to other: Duration, atMost target: Double) -> Goal {
        let ratio = (time / other * 100).rounded() / 100
        return Goal("\(other.text), \(time.text); ratio \(ratio)", "\(target)", isMet: ratio <= target)
    }

    /// How long something takes.
    static func time(_ time: Duration, atMost target: Duration) -> Goal {
        Goal(time.text, target.text, isMet: time <= target)
    }

    /// How much memory something takes.
    static func memory(_ mebibytes: Int, below target: Int) -> Goal {
        Goal("\(mebibytes) MiB", "\(target) MiB", isMet: mebibytes < target)
    }

    private init(_ figure: String, _ target: String, isMet: Bool) {
        text = "\(figure); target \(target): \(isMet ? "met" : "MISSED")"
    }

    /// Prints it as a row.
    func tell(_ name: String) { print("  \(name.padding(toLength: 40, withPad: " ", startingAt: 0))  \(text)") }
}

/// The median of what something takes that is done 200 times, or as often as two seconds allow.
func median(_ body: () async throws -> Bool) async throws -> Duration {
    let clock = ContinuousClock()
    var times: [Duration] = []
    let end = clock.now + .seconds(2)
    repeat {
        let start = clock.now
        guard try await body() else { throw BenchmarkError("nothing was read") }
        times.append(clock.now - start)
    } while times.count < 200 && clock.now < end
    return times.median
}
