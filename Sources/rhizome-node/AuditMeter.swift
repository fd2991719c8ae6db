import Bytes
import CommandSupport
import Locks
import RhizomeStore

/// How far an audit has come, for the terminal: in place, some times a second, with the time that is left.
final class AuditMeter: Sendable {
    private static let interval = Duration.milliseconds(250)

    private let start = CommandLineTool.uptime
    private let shown = Lock<Uptime?>(nil)

    /// Shows it, unless that was done just before.
    func show(_ progress: AuditProgress) {
        let now = CommandLineTool.uptime
        let isDue = shown.withLock { shown in
            guard now - (shown ?? start) >= Self.interval else { return false }
            shown = now
            return true
        }
        guard isDue else { return }
        TerminalProgress.show(Self.text(progress, after: now - start))
    }

    /// Takes the line away.
    func end() { TerminalProgress.show(nil) }

    static func text(_ progress: AuditProgress, after time: Duration) -> String {
        let percent = progress.total > 0 ? 100 * progress.done / progress.total : 100
        let text = "audit: \(progress.done) of \(progress.total) deltas, \(percent) %"
        guard progress.done > 0 else { return text }
        let left = time * (Double(progress.total - progress.done) / Double(progress.done))
        let seconds = left.components.seconds + 1
        return text + ", about " + (seconds < 90 ? "\(seconds) s left" : "\((seconds + 30) / 60) min left")
    }
}
