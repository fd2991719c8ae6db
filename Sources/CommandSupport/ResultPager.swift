internal import HomeFiles
internal import Locks

/// The pager between a command's results and a person at a terminal: none where the output is anything else.
enum ResultPager {
    private enum State {
        case unwanted
        /// The command line for the shell.
        case wanted(String)
        case running(Pager)
        case ended
    }

    /// `less` with the options that `git` gives it: quit where all fits on the screen, colours, no other screen.
    private static let less =
        "export LESS=\"${LESS-FRX}\"; if command -v less >/dev/null 2>&1; then exec less; else exec cat; fi"

    private static let state = Lock(State.unwanted)

    /// Has results go through what `PAGER` names, else through `less`; from the first one on, so that a command can be
    /// interrupted as long as there is none.
    ///
    /// - Throws: ``CommandMisuse`` where `PAGER` is not UTF-8.
    static func want() throws(CommandMisuse) {
        guard Terminal.isOutput, ProcessStart.variable("TERM") != Array("dumb".utf8) else { return }
        let program = try CommandLineTool.variable("PAGER")
        guard program != "", program != "cat" else { return }
        let command = program.map { "export LESS=\"${LESS-FRX}\"; \($0)" } ?? less
        state.withLock { $0 = .wanted(command) }
    }

    /// Starts the pager where it is wanted and doesn't run yet.
    static func beginIfWanted() throws(FileError) {
        let started = state.withLock { state -> Result<Void, FileError> in
            guard case .wanted(let command) = state else { return .success(()) }
            do throws(FileError) {
                state = .running(try Pager(command))
                return .success(())
            } catch {
                state = .ended
                return .failure(error)
            }
        }
        try started.get()
    }

    /// Waits until the person has left the pager.
    ///
    /// - Returns: whether there was one.
    @discardableResult static func end() -> Bool {
        let pager = state.withLock { state -> Pager? in
            defer { state = .ended }
            return if case .running(let pager) = state { pager } else { nil }
        }
        pager?.end()
        return pager != nil
    }
}
