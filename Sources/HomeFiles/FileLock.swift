internal import Bytes
internal import Glibc

/// A lock between processes (flock(2)) on a file that stays where it is; held until its owner lets go, or dies.
package final class FileLock: Sendable {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}

extension HomeFolder {
    /// Takes the lock of that name, waiting for it at most `patience`.
    ///
    /// Two openings within one process exclude each other too. The file tells who holds it, for people.
    ///
    /// - Parameter holder: what the holder calls itself in the error that others get.
    /// - Throws: `locked`, naming the holder, when `patience` ends; `symbolicLink`, `wrongKind`, `severalNames`,
    ///   `foreignOwner`, `tooOpen`.
    package func lock(_ name: String, for holder: String, patience: Duration) throws(FileError) -> FileLock {
        let path = self.path(name)
        let opened = unsafe openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard opened >= 0 else { throw FileError(errno: errno, path, doing: "opening") }
        let lock = FileLock(descriptor: opened)
        // It is written below: under another name it may be another file.
        try Self.check(opened, path, .secret)
        let deadline = SystemTime.uptime + patience
        while flock(opened, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR else {
                throw FileError(errno: number, path, doing: "locking")
            }
            guard SystemTime.uptime < deadline else {
                let holder = Self.holder(opened)
                throw FileError(
                    .locked,
                    path,
                    "\(path) is held by \(holder ?? "another process"); wait for it to end, or stop it, and try again"
                )
            }
            // Random, so that fifty who wait don't come back in step.
            usleep(UInt32.random(in: 1_000...8_000))
        }
        ftruncate(opened, 0)
        let note = Array("\(holder), process \(getpid())\n".utf8)
        unsafe note.withUnsafeBytes { buffer in _ = unsafe pwrite(opened, buffer.baseAddress, buffer.count, 0) }
        return lock
    }

    private static func holder(_ opened: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 128)
        let got = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(opened, buffer.baseAddress, buffer.count, 0)
        }
        guard got > 0 else { return nil }
        let printable = bytes.prefix(got).prefix { $0 != 0x0a }.filter { (0x20...0x7e).contains($0) }
        return printable.isEmpty ? nil : String(decoding: printable, as: UTF8.self)
    }
}
