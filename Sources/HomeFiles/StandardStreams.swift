internal import Glibc

/// Standard output and error, written to at once and with failures noticed.
package enum StandardStreams {
    /// Writes results.
    ///
    /// - Throws: `noSpace` and `system`, where the other end is full or gone.
    package static func output(_ text: String) throws(FileError) {
        let bytes = Array(text.utf8)
        try writeAll(STDOUT_FILENO, unsafe bytes.span.bytes, path: "standard output")
    }

    /// Writes what isn't a result; nobody can be told where that fails.
    package static func error(_ text: String) {
        let bytes = Array(text.utf8)
        try? writeAll(STDERR_FILENO, unsafe bytes.span.bytes, path: "standard error")
    }
}
