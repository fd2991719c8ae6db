internal import Glibc
package import Sodium

/// A plain file that was opened first and checked afterwards, so that nothing can be slipped in between.
///
/// Closed when its owner lets go.
package final class OpenFile: Sendable {
    private let descriptor: Int32
    /// Where it was opened.
    package let path: String
    /// How many bytes it had when it was opened.
    package let count: Int

    /// Takes over an open descriptor of a checked file.
    init(descriptor: Int32, path: String, count: Int) {
        self.descriptor = descriptor
        self.path = path
        self.count = count
    }

    deinit { close(descriptor) }

    /// The whole content, straight into locked memory.
    ///
    /// - Throws: ``FileError`` `changed` where the file has become shorter or longer meanwhile; ``SodiumError``.
    package func secret() throws -> SecretBytes {
        try SecretBytes(count: count) { span in
            guard try readAll(descriptor, into: &span, path: path) == count, try isAtEnd() else {
                throw FileError(.changed, path, "\(path) changed while it was read; try again")
            }
        }
    }

    /// The whole content, for files that hold no secret.
    package func bytes() throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        let got = try readAll(descriptor, into: &raw, path: path)
        bytes.removeLast(count - got)
        return bytes
    }

    private func isAtEnd() throws(FileError) -> Bool {
        var probe: UInt8 = 0
        let got = unsafe Glibc.read(descriptor, &probe, 1)
        guard got >= 0 else { throw FileError(errno: errno, path, doing: "reading") }
        return got == 0
    }
}

/// Reads until `span` is full or the file ends; gives how many bytes came.
func readAll(_ descriptor: Int32, into span: inout MutableRawSpan, path: String) throws(FileError) -> Int {
    var filled = 0
    while filled < span.byteCount {
        let got = unsafe span.withUnsafeMutableBytes { buffer in
            unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
        }
        if got < 0 {
            let number = errno
            if number == EINTR { continue }
            throw FileError(errno: number, path, doing: "reading")
        }
        if got == 0 { break }
        filled += got
    }
    return filled
}

/// Writes all of `span`.
func writeAll(_ descriptor: Int32, _ span: RawSpan, path: String) throws(FileError) {
    var written = 0
    while written < span.byteCount {
        let put = unsafe span.withUnsafeBytes { buffer in
            unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
        }
        if put < 0 {
            let number = errno
            if number == EINTR { continue }
            throw FileError(errno: number, path, doing: "writing")
        }
        written += put
    }
}
