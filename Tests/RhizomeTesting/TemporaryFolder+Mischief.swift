import Foundation
import Testing

/// What others might do to a home's files.
extension TemporaryFolder {
    /// Makes a named pipe.
    package func makePipe(_ name: String) throws {
        let result = unsafe mkfifo(path(name), 0o600)
        try #require(result == 0, "mkfifo: errno \(errno)")
    }

    /// Gives a file to another user, which only root may do; tells whether it did.
    package func giveAway(_ name: String, toUser user: UInt32) throws -> Bool {
        guard geteuid() == 0 else { return false }
        let result = unsafe chown(path(name), user, user)
        try #require(result == 0, "chown: errno \(errno)")
        return true
    }

    /// Sets a file's permissions.
    package func setMode(_ mode: Int, of name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }

    /// A file's permissions.
    package func mode(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }
}
