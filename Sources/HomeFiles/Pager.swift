internal import Glibc

/// A program that stands between this process's standard output and a terminal.
package final class Pager: Sendable {
    private let processID: pid_t
    /// The terminal, as standard output was before.
    private let terminal: Int32

    /// Starts a program by the shell and makes what it reads this process's standard output.
    ///
    /// From then on SIGINT is the program's alone: it has the terminal, and who leaves it ends this process by a closed
    /// pipe.
    package init(_ command: String) throws(FileError) {
        let path = "the pager"
        terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard terminal >= 0 else { throw FileError(errno: errno, path, doing: "starting") }
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else {
            let number = errno
            close(terminal)
            throw FileError(errno: number, path, doing: "starting")
        }
        var process: pid_t = 0
        let number = Self.spawn(command, reading: ends[0], notIn: [ends[1], terminal], &process)
        close(ends[0])
        guard number == 0, dup2(ends[1], STDOUT_FILENO) >= 0 else {
            close(ends[1])
            close(terminal)
            throw FileError(errno: number == 0 ? errno : number, path, doing: "starting")
        }
        close(ends[1])
        processID = process
        signal(SIGINT, SIG_IGN)
    }

    /// Runs `sh -c`, with the signals that this process ignores as they are by default.
    private static func spawn(
        _ command: String,
        reading input: Int32,
        notIn others: [Int32],
        _ process: inout pid_t
    ) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        for descriptor in [input] + others { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        return unsafe command.withCString { text in
            unsafe "sh".withCString { name in
                unsafe "-c".withCString { option in
                    let arguments: [UnsafeMutablePointer<CChar>?] = unsafe [
                        UnsafeMutablePointer(mutating: name), UnsafeMutablePointer(mutating: option),
                        UnsafeMutablePointer(mutating: text), nil,
                    ]
                    return unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ)
                }
            }
        }
    }

    /// Tells the program that this was all, and waits until it has ended.
    package func end() {
        dup2(terminal, STDOUT_FILENO)
        close(terminal)
        var status: Int32 = 0
        while unsafe waitpid(processID, &status, 0) < 0, errno == EINTR {}
        signal(SIGINT, SIG_DFL)
    }
}
