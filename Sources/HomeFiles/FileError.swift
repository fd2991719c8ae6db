internal import Bytes
internal import Glibc

/// What stood in the way of opening, checking, writing or locking a file of the home folder (spec: identity.md).
package struct FileError: CodedError {
    /// What is wrong.
    package enum Code: String, Sendable {
        /// Nothing has that name.
        case missing
        /// Something has that name already, and nothing is ever overwritten.
        case exists
        /// A symbolic link: what it leads to may be anybody's.
        case symbolicLink
        /// A folder, FIFO, socket or device where a plain file should be, or no folder where one should be.
        case wrongKind
        /// A second name (hard link) leads to the same file.
        case severalNames
        /// Another user owns it.
        case foreignOwner
        /// Group or others may use it.
        case tooOpen
        /// More bytes than such a file of the home ever has.
        case tooLarge
        /// More bytes than a command takes of a file, of standard input or at the terminal.
        case inputTooLarge
        /// The disk, or a quota, is full.
        case noSpace
        /// It was changed while it was read.
        case changed
        /// Another process holds the lock.
        case locked
        /// The system doesn't allow it to this user.
        case notAllowed
        /// Nobody reads the other end of the pipe any more.
        case closedPipe
        /// The person at the terminal gave up.
        case interrupted
        /// Something else, told by the system's own message.
        case system
    }

    /// What is wrong; equality is that of the codes.
    package let code: Code
    /// Which file.
    package let path: String
    /// What happened and what to do about it, in one line.
    package let message: String

    package init(_ code: Code, _ path: String, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    /// The error for a system call that has just failed.
    init(errno number: Int32, _ path: String, doing: String) {
        let reason = unsafe String(cString: strerror(number))
        switch number {
        case ENOENT: self.init(.missing, path, "\(path) does not exist")
        case EEXIST: self.init(.exists, path, "\(path) exists already; nothing is overwritten")
        case ELOOP: self.init(.symbolicLink, path, "\(path) is a symbolic link; put the file itself in its place")
        case ENOSPC, EDQUOT, EFBIG:
            self.init(.noSpace, path, "no room left while \(doing) \(path) (\(reason)); free some and try again")
        case ENXIO, ENOTDIR, EISDIR:
            self.init(.wrongKind, path, "\(path) is not of the kind that belongs there (\(reason)); move it away")
        case EPIPE: self.init(.closedPipe, path, "nobody reads \(path) any more")
        case EACCES, EPERM:
            self.init(
                .notAllowed,
                path,
                "\(doing) \(path) is not allowed (\(reason)); check who owns it and its folder"
            )
        default: self.init(.system, path, "\(doing) \(path) failed: \(reason) (errno \(number))")
        }
    }
}
