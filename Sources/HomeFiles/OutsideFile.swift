internal import Glibc

/// Files that a person names on the command line, outside the home: links and pipes are welcome.
package enum OutsideFile {
    /// The whole content.
    ///
    /// - Throws: `missing`, `wrongKind` for a folder, `inputTooLarge` beyond `limit` bytes.
    package static func contents(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        let count = try read(path, into: &raw)
        guard count <= limit else { throw tooLarge(path, limit) }
        return Array(bytes.prefix(count))
    }

    /// Reads a file into `span`, meant for secrets; gives how many bytes came.
    ///
    /// A span that is full afterwards may have been too small.
    package static func read(_ path: String, into span: inout MutableRawSpan) throws(FileError) -> Int {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard opened >= 0 else { throw FileError(errno: errno, path, doing: "opening") }
        defer { close(opened) }
        return try readAll(opened, into: &span, path: path)
    }

    /// All of standard input.
    ///
    /// - Throws: `inputTooLarge` beyond `limit` bytes.
    package static func standardInput(limit: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        let count = try readStandardInput(into: &raw)
        guard count <= limit else { throw tooLarge("standard input", limit) }
        return Array(bytes.prefix(count))
    }

    /// As ``read(_:into:)``, of standard input.
    package static func readStandardInput(into span: inout MutableRawSpan) throws(FileError) -> Int {
        try readAll(STDIN_FILENO, into: &span, path: "standard input")
    }

    private static func tooLarge(_ path: String, _ limit: Int) -> FileError {
        FileError(.inputTooLarge, path, "\(path) has more than \(limit) bytes; that is not what belongs here")
    }

    /// Whether the name is that of a folder, or of a link to one.
    package static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return unsafe stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether anything of that name exists.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
