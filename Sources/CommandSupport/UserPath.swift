internal import HomeFiles

/// A path as a person gives it, in an option, an argument or the environment.
package enum UserPath {
    /// The path that is meant: a leading `~/`, or `~` alone, is the user's home folder.
    ///
    /// A shell does the same before a command sees it, but not within `--home=~/x` or quotes, nor for what a service
    /// manager or a container sets. The home folder is `HOME` where that is an absolute path, as the shell has it;
    /// else what the password database says, since services are often started without `HOME`.
    ///
    /// - Throws: ``CommandMisuse`` for `~somebody`, which would need others' homes and be a folder of that name to
    ///   other programs, and where the user has no home folder.
    package static func expanded(_ path: String) throws(CommandMisuse) -> String {
        guard path.utf8.first == UInt8(ascii: "~") else { return path }
        let rest = path.utf8.dropFirst()
        guard rest.isEmpty || rest.first == UInt8(ascii: "/") else {
            throw CommandMisuse(
                "'\(path)': only ~/ is understood, your own home folder; write another one in full, or ./\(path) where "
                    + "the name begins so"
            )
        }
        guard let home = try userFolder() else {
            throw CommandMisuse(
                "there is no home folder for '\(path)': neither HOME nor the password database names one; write the path "
                    + "in full (--home, RHIZOME_HOME)"
            )
        }
        return home + String(Substring(rest))
    }

    private static func userFolder() throws(CommandMisuse) -> String? {
        if let home = try CommandLineTool.environment("HOME"), isAbsolute(home) { return home }
        return ProcessStart.userFolder.flatMap { String(validating: $0, as: UTF8.self) }
            .flatMap { isAbsolute($0) ? $0 : nil }
    }

    private static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }
}
