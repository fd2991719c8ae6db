import Foundation
import Locks

/// Loopback addresses that nobody else uses, so that a test can know where something will listen before it does, and
/// have the same ports again after a restart.
///
/// The system gives all of 127.0.0.0/8 to this machine. The second and third numbers come from the process's id, so that
/// two test runs don't meet.
public enum LoopbackHost {
    private static let count = Lock<Int32>(0)

    /// Another address at each call, such as `127.64.12.1`.
    public static func next() -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let process = ProcessInfo.processInfo.processIdentifier + (number / 250) * 7
        return "127.\(64 + process / 250 % 64).\(1 + process % 250).\(1 + number % 250)"
    }
}
