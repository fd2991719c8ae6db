internal import Glibc

/// Standard output and error, written to at once and with failures noticed.
package enum StandardStreams {
    /// What a command does first, before it opens anything.
    ///
    /// - Opens `/dev/null` as each of the descriptors 0 to 2 that whoever started the process has closed: else the
    ///   store, or a socket, would get its number, and be read as standard input or written over by the log.
    /// - Ignores SIGPIPE: a write to a pipe that nobody reads fails, and whoever writes decides whether that matters.
    ///
    /// - Throws: where `/dev/null` can't be opened.
    package static func prepare() throws(FileError) {
        signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // A new descriptor is the lowest that is free: this one, since those below it are open by now.
            guard unsafe open("/dev/null", O_RDWR) == descriptor else {
                throw FileError(errno: errno, "/dev/null", doing: "opening")
            }
        }
    }

    /// Writes results.
    ///
    /// - Throws: `noSpace`, `closedPipe` and `system`, where the other end is full or gone.
    package static func output(_ bytes: [UInt8]) throws(FileError) {
        try writeAll(STDOUT_FILENO, unsafe bytes.span.bytes, path: "standard output")
    }

    /// Writes what isn't a result; nobody can be told where that fails.
    package static func error(_ text: String) {
        let bytes = Array(text.utf8)
        try? writeAll(STDERR_FILENO, unsafe bytes.span.bytes, path: "standard error")
    }

    /// Whether standard output is a pipe that nobody reads any more, as a write would tell; waits for nothing.
    package static var isOutputUnread: Bool {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return unsafe poll(&descriptor, 1, 0) > 0 && Int32(descriptor.revents) & (POLLERR | POLLHUP) != 0
    }

    /// Ends the process as SIGPIPE ends others whose results nobody reads any more: without a word.
    package static func endOnClosedPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        // Whoever started the process has the signal blocked.
        _exit(128 + SIGPIPE)
    }
}
