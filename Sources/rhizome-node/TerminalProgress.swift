import CommandSupport
import HomeFiles
import Locks
import RhizomePeering

/// The one line of a terminal on which progress is shown in place, beneath the log.
///
/// Where standard error is no terminal nothing is shown: the log tells of it every few seconds.
enum TerminalProgress {
    private static let isShown = Lock(false)
    private static let isTerminal = Terminal.isError
    /// To the line's start, and nothing on it any more (ECMA-48, EL).
    private static let erase = "\r\u{1b}[K"

    /// Shows how far a node has come, or takes the line away where that is over.
    static func show(_ progress: CatchUpProgress) { show(progress.isOver ? nil : text(progress)) }

    /// Shows a line in place of the one before; none takes that away.
    static func show(_ line: String?) {
        guard isTerminal else { return }
        isShown.withLock { isShown in
            StandardStreams.error(erase + (line ?? ""))
            isShown = line != nil
        }
    }

    /// Writes a line of the log; the progress comes back with its next step.
    static func note(_ line: String) {
        isShown.withLock { isShown in
            if isShown { StandardStreams.error(erase) }
            isShown = false
            CommandLineTool.note(line)
        }
    }

    private static func text(_ progress: CatchUpProgress) -> String {
        let peer = TerminalText.escaped(progress.peer, limitBytes: 64)
        return
            "catching up with \(peer): \(progress.deltas) deltas, \(progress.finishedLogs) of \(progress.logs) logs, "
            + "\(progress.perSecond)/s"
    }
}
