internal import Glibc
package import Sodium

/// A folder of the home, held open, in which files are opened, made and replaced as identity.md, "Home folder", demands.
///
/// Names are single path components. Everything goes through the folder's descriptor: a folder that is swapped for
/// another one meanwhile changes nothing.
package final class HomeFolder: Sendable {
    /// Who may do what with a file that is opened.
    package enum Exposure: Sendable {
        /// For secrets: one name, mode 0600 or stricter.
        case secret
        /// Others may read it, but not write it.
        case readable
    }

    /// What tells one content of a file from another without reading it.
    package struct Version: Hashable, Sendable {
        private let device: UInt64
        private let inode: UInt64
        private let size: Int64
        private let changedSeconds: Int
        private let changedNanoseconds: Int

        fileprivate init(_ info: stat) {
            device = UInt64(info.st_dev)
            inode = UInt64(info.st_ino)
            size = Int64(info.st_size)
            changedSeconds = info.st_ctim.tv_sec
            changedNanoseconds = info.st_ctim.tv_nsec
        }
    }

    /// Which file a name leads to, whatever its content.
    package struct FileID: Hashable, Sendable {
        private let device: UInt64
        private let inode: UInt64

        fileprivate init(_ info: stat) {
            device = UInt64(info.st_dev)
            inode = UInt64(info.st_ino)
        }
    }

    /// Where it is, as the caller named it.
    package let path: String
    let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    // MARK: - The folder

    /// Opens a folder that exists.
    ///
    /// - Parameter isLinkFollowed: whether the folder itself may be a symbolic link; what leads to it always may.
    /// - Throws: `missing`, `symbolicLink`, `wrongKind`, `foreignOwner`, and `tooOpen` where group or others may enter.
    package static func open(_ path: String, isLinkFollowed: Bool = true) throws(FileError) -> HomeFolder {
        let folder = try opened(AT_FDCWD, path, at: path, isLinkFollowed: isLinkFollowed)
        try folder.checkPrivate()
        return folder
    }

    /// Opens a folder, making it and what leads to it (mode 0700) where it is missing.
    ///
    /// An empty folder that is our own becomes 0700; one that holds something is never changed.
    ///
    /// - Throws: as ``open(_:)``.
    package static func create(_ path: String, isLinkFollowed: Bool = true) throws(FileError) -> HomeFolder {
        try makeFolders(path)
        let folder = try opened(AT_FDCWD, path, at: path, isLinkFollowed: isLinkFollowed)
        do {
            try folder.checkPrivate()
        } catch  where error.code == .tooOpen {
            guard try folder.isEmpty() else { throw error }
            guard fchmod(folder.descriptor, 0o700) == 0 else {
                throw FileError(errno: errno, path, doing: "setting the mode of")
            }
        }
        return folder
    }

    /// A folder in this one, and no link to one; made (mode 0700) where it is missing and `creating` says so.
    package func folder(_ name: String, creating: Bool) throws(FileError) -> HomeFolder {
        let path = self.path(name)
        if creating {
            if unsafe mkdirat(descriptor, name, 0o700) == 0 {
                try synchronize()
            } else if errno != EEXIST {
                throw FileError(errno: errno, path, doing: "making")
            }
        }
        let folder = try Self.opened(descriptor, name, at: path, isLinkFollowed: false)
        try folder.checkPrivate()
        return folder
    }

    private static func opened(
        _ base: Int32,
        _ name: String,
        at path: String,
        isLinkFollowed: Bool
    ) throws(FileError) -> HomeFolder {
        let flags = isLinkFollowed ? 0 : O_NOFOLLOW
        let descriptor = unsafe openat(base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
        guard descriptor >= 0 else {
            let number = errno
            var info = stat()
            // What the system calls no folder may be a link to one, with all that is in there.
            guard unsafe fstatat(base, name, &info, AT_SYMLINK_NOFOLLOW) == 0, info.st_mode & S_IFMT == S_IFLNK else {
                throw FileError(errno: number, path, doing: "opening")
            }
            throw FileError(
                .symbolicLink,
                path,
                "\(path) is a symbolic link, which isn't followed; move the folder that it leads to, with all that is in "
                    + "it, into the place of the link, or the whole home to where there is room, and name that by --home"
            )
        }
        return HomeFolder(path: path, descriptor: descriptor)
    }

    private static func makeFolders(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o700) == 0 { return }
        let number = errno
        switch number {
        case EEXIST: return
        case ENOENT:
            // By bytes: a combining mark behind the slash makes one character of both.
            guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { break }
            try makeFolders(String(path[..<slash]))
            if unsafe mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        default: break
        }
        throw FileError(errno: number, path, doing: "making the folder")
    }

    private func checkPrivate() throws(FileError) {
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { throw FileError(errno: errno, path, doing: "checking") }
        try Self.checkOwner(info, path)
        guard info.st_mode & 0o077 == 0 else {
            throw FileError(.tooOpen, path, "group or others may enter \(path); run: chmod 700 '\(path)'")
        }
    }

    private static func checkOwner(_ info: stat, _ path: String) throws(FileError) {
        guard info.st_uid == geteuid() else {
            throw FileError(
                .foreignOwner,
                path,
                "\(path) belongs to user \(info.st_uid), not to you (\(geteuid())); use a folder of your own"
            )
        }
    }

    private func isEmpty() throws(FileError) -> Bool {
        // fdopendir takes over the descriptor that it is given.
        let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = unsafe fdopendir(copy) else {
            throw FileError(errno: errno, path, doing: "listing")
        }
        defer { unsafe closedir(stream) }
        var entries = 0
        while unsafe readdir(stream) != nil { entries += 1 }
        return entries <= 2
    }

    /// Makes what was renamed, made or removed in the folder survive a power loss, where its file system can.
    func synchronize() throws(FileError) {
        // Some synchronize files alone; nothing better can be had of them.
        guard fsync(descriptor) == 0 || [EINVAL, EOPNOTSUPP, ENOSYS].contains(errno) else {
            throw FileError(errno: errno, path, doing: "synchronizing")
        }
    }

    // MARK: - Its files

    /// The path of something in the folder, for messages and for libraries that open files by themselves.
    package func path(_ name: String) -> String {
        precondition(!name.isEmpty && !name.contains("/") && name != ".." && name != ".", "a name has one component")
        return path.hasSuffix("/") ? path + name : path + "/" + name
    }

    /// Opens a plain file to read it, then checks what was opened.
    ///
    /// - Parameter limit: more bytes than this are refused.
    /// - Throws: `missing`, `symbolicLink`, `wrongKind`, `severalNames`, `foreignOwner`, `tooOpen`, `tooLarge`.
    package func open(_ name: String, as exposure: Exposure, limit: Int) throws(FileError) -> OpenFile {
        let path = self.path(name)
        // O_NONBLOCK: opening a FIFO would otherwise wait for its writer.
        let opened = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw FileError(errno: errno, path, doing: "opening") }
        do throws(FileError) {
            let info = try Self.check(opened, path, exposure)
            guard info.st_size <= limit else {
                throw FileError(
                    .tooLarge,
                    path,
                    "\(path) has \(info.st_size) bytes, more than the \(limit) it may have"
                )
            }
            return OpenFile(descriptor: opened, path: path, count: Int(info.st_size))
        } catch {
            close(opened)
            throw error
        }
    }

    /// Checks a file that a library opens by its path, as ``open(_:as:limit:)`` does; `nil` where there is none.
    ///
    /// Doesn't open it: that would end the locks that the library holds on it elsewhere in this process once it is
    /// closed again (fcntl(2); sqlite.org/howtocorrupt.html, 2.2). What the library has opened shows by ``leads(to:_:)``.
    ///
    /// - Throws: `symbolicLink`, `wrongKind`, `severalNames`, `foreignOwner`, `tooOpen`.
    package func inspect(_ name: String, as exposure: Exposure) throws(FileError) -> FileID? {
        let path = self.path(name)
        var info = stat()
        guard unsafe fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw FileError(errno: errno, path, doing: "checking")
        }
        try Self.check(info, path, exposure)
        return FileID(info)
    }

    /// Whether a file's path leads to that file: not to another one, nor through a link at its end.
    package func leads(to file: FileID, _ name: String) -> Bool {
        var info = stat()
        return unsafe lstat(path(name), &info) == 0 && FileID(info) == file
    }

    @discardableResult
    static func check(_ opened: Int32, _ path: String, _ exposure: Exposure) throws(FileError) -> stat {
        var info = stat()
        guard unsafe fstat(opened, &info) == 0 else { throw FileError(errno: errno, path, doing: "checking") }
        try check(info, path, exposure)
        return info
    }

    private static func check(_ info: stat, _ path: String, _ exposure: Exposure) throws(FileError) {
        switch info.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFLNK: throw FileError(errno: ELOOP, path, doing: "checking")
        default: throw FileError(.wrongKind, path, "\(path) is not a plain file; move it away")
        }
        try checkOwner(info, path)
        switch exposure {
        case .secret:
            guard info.st_mode & 0o077 == 0 else {
                throw FileError(.tooOpen, path, "group or others may read \(path); run: chmod 600 '\(path)'")
            }
            guard info.st_nlink == 1 else {
                throw FileError(
                    .severalNames,
                    path,
                    "\(path) has \(info.st_nlink) names (hard links); remove the others (find them by: ls -i)"
                )
            }
        case .readable:
            guard info.st_mode & 0o022 == 0 else {
                throw FileError(.tooOpen, path, "group or others may write \(path); run: chmod 600 '\(path)'")
            }
        }
    }

    /// The whole content of a file that holds no secret; `nil` where there is none.
    package func contents(_ name: String, limit: Int) throws(FileError) -> [UInt8]? {
        do {
            return try open(name, as: .readable, limit: limit).bytes()
        } catch  where error.code == .missing {
            return nil
        }
    }

    /// Whether anything has that name, be it a link that leads nowhere.
    package func contains(_ name: String) -> Bool { version(of: name) != nil }

    /// What tells this content of a file from another, for the price of one system call; `nil` where there is none.
    package func version(of name: String) -> Version? {
        var info = stat()
        guard unsafe fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return Version(info)
    }

    /// Bytes that a file's content has; `nil` where there is none of that name.
    package func size(of name: String) -> Int64? {
        var info = stat()
        guard unsafe fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        return Int64(info.st_size)
    }

    /// Bytes that this user can still write to the folder's file system; `nil` where it doesn't say.
    package var freeBytes: Int64? {
        var info = statvfs()
        guard unsafe fstatvfs(descriptor, &info) == 0 else { return nil }
        let (bytes, isOverflow) = Int64(clamping: info.f_bavail).multipliedReportingOverflow(by: Int64(info.f_frsize))
        return isOverflow ? .max : bytes
    }

    // MARK: - Writing

    /// Makes a file, mode 0600, that wasn't there: whole or not at all, never over another and through no link.
    ///
    /// - Throws: `exists`, `noSpace`.
    package func create(_ name: String, _ contents: RawSpan) throws(FileError) {
        let path = self.path(name)
        guard !contains(name) else { throw FileError(errno: EEXIST, path, doing: "making") }
        let temporary = try writeTemporary(for: name, contents)
        do {
            try renameOnly(temporary, to: name)
        } catch {
            unsafe unlinkat(descriptor, temporary, 0)
            throw error
        }
        try synchronize()
    }

    /// Replaces a file, or makes it, mode 0600: a crash or a full disk leaves the old or the new content.
    package func replace(_ name: String, _ contents: [UInt8]) throws(FileError) {
        let path = self.path(name)
        let temporary = try writeTemporary(for: name, unsafe contents.span.bytes)
        guard unsafe renameat(descriptor, temporary, descriptor, name) == 0 else {
            let number = errno
            unsafe unlinkat(descriptor, temporary, 0)
            throw FileError(errno: number, path, doing: "replacing")
        }
        try synchronize()
    }

    /// Removes a file.
    package func remove(_ name: String) throws(FileError) {
        guard unsafe unlinkat(descriptor, name, 0) == 0 else {
            throw FileError(errno: errno, path(name), doing: "removing")
        }
        try synchronize()
    }

    /// Renames a file to a name that is free.
    ///
    /// - Throws: `missing`, `exists`.
    package func rename(_ name: String, to new: String) throws(FileError) {
        try renameOnly(name, to: new)
        try synchronize()
    }

    // Glibc's renameat2 isn't visible to Swift; a hard link is never made over another file either.
    private func renameOnly(_ name: String, to new: String) throws(FileError) {
        if unsafe linkat(descriptor, name, descriptor, new, 0) == 0 {
            unsafe unlinkat(descriptor, name, 0)
            return
        }
        guard errno != EEXIST, !contains(new) else { throw FileError(errno: EEXIST, path(new), doing: "renaming") }
        // File systems without hard links say so by EPERM, EOPNOTSUPP, ENOSYS, EINVAL, EMLINK and others. Looking before
        // renaming is the second best there; what has another reason makes that fail as well.
        guard unsafe renameat(descriptor, name, descriptor, new) == 0 else {
            throw FileError(errno: errno, path(name), doing: "renaming")
        }
    }

    private func writeTemporary(for name: String, _ contents: RawSpan) throws(FileError) -> String {
        let temporary = ".\(name).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
        let path = self.path(temporary)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let opened = unsafe openat(descriptor, temporary, flags, 0o600)
        guard opened >= 0 else { throw FileError(errno: errno, self.path(name), doing: "making") }
        defer { close(opened) }
        do throws(FileError) {
            try makePrivate(opened, path)
            try writeAll(opened, contents, path: self.path(name))
            guard fsync(opened) == 0 else { throw FileError(errno: errno, self.path(name), doing: "synchronizing") }
        } catch {
            unsafe unlinkat(descriptor, temporary, 0)
            throw error
        }
        return temporary
    }

    /// Sets mode 0600; a file system that knows no modes will do where it shows the file to its owner alone.
    private func makePrivate(_ opened: Int32, _ path: String) throws(FileError) {
        if fchmod(opened, 0o600) == 0 { return }
        let number = errno
        var info = stat()
        guard unsafe fstat(opened, &info) == 0, info.st_mode & 0o077 == 0 else {
            throw FileError(errno: number, path, doing: "setting the mode of")
        }
    }

    /// Appends in one write and waits until it is on the disk; makes the file (mode 0600) where it is missing.
    ///
    /// What was written in part, since the disk is full, is taken away again. Only under a lock that orders writers.
    ///
    /// - Throws: as ``open(_:as:limit:)``, and `noSpace`.
    package func append(_ name: String, _ contents: [UInt8]) throws(FileError) {
        let path = self.path(name)
        let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let isNew = !contains(name)
        let opened = unsafe openat(descriptor, name, isNew ? flags | O_CREAT | O_EXCL : flags, 0o600)
        guard opened >= 0 else { throw FileError(errno: errno, path, doing: "opening") }
        defer { close(opened) }
        if isNew { fchmod(opened, 0o600) }
        let before = try Self.check(opened, path, .readable).st_size
        let put = unsafe contents.withUnsafeBytes { buffer in
            unsafe Glibc.write(opened, buffer.baseAddress, buffer.count)
        }
        var number = put < 0 ? errno : ENOSPC
        if put == contents.count {
            if fsync(opened) == 0 {
                if isNew { try synchronize() }
                return
            }
            number = errno
        }
        ftruncate(opened, before)
        fsync(opened)
        throw FileError(errno: number, path, doing: "appending to")
    }

    /// Cuts a file to its first `count` bytes and waits until that is on the disk.
    package func truncate(_ name: String, to count: Int) throws(FileError) {
        let path = self.path(name)
        let opened = unsafe openat(descriptor, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw FileError(errno: errno, path, doing: "opening") }
        defer { close(opened) }
        try Self.check(opened, path, .readable)
        guard ftruncate(opened, off_t(count)) == 0, fsync(opened) == 0 else {
            throw FileError(errno: errno, path, doing: "cutting")
        }
    }

    /// As ``create(_:_:)-(_,RawSpan)``, for what is no secret.
    package func create(_ name: String, _ contents: [UInt8]) throws(FileError) {
        try create(name, unsafe contents.span.bytes)
    }

    /// As ``create(_:_:)-(_,RawSpan)``, straight from locked memory.
    package func create(_ name: String, _ secret: SecretBytes) throws(FileError) {
        try secret.withSpan { (span: RawSpan) throws(FileError) in try create(name, span) }
    }
}
