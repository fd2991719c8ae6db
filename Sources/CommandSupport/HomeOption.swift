internal import ArgumentParser
internal import HomeFiles
package import RhizomeIdentity

/// `--home`, on every command: else `RHIZOME_HOME`, else `~/.rhizome` (spec: cli.md).
package struct HomeOption: ParsableArguments {
    @Option(
        name: .customLong("home"),
        help: ArgumentHelp(
            "The home folder of the identity (default: $RHIZOME_HOME, else ~/.rhizome).",
            valueName: "dir"
        ),
        completion: .directory
    )
    var folder: String?

    package init() {}

    package mutating func validate() throws {
        if folder?.isEmpty == true { throw ValidationError("--home needs the name of a folder.") }
    }

    /// The folder that is meant.
    ///
    /// - Throws: ``CommandFailure`` where there is neither an option nor a variable, nor a user's home, and where
    ///   something else than a folder has that name.
    package func path() throws -> String {
        let path = try named()
        guard !OutsideFile.exists(path) || OutsideFile.isFolder(path) else {
            throw CommandFailure("\(path) is a file; --home (or RHIZOME_HOME) takes a folder")
        }
        return path
    }

    private func named() throws -> String {
        if let path = folder ?? CommandLineTool.environment("RHIZOME_HOME") { return path }
        guard let user = CommandLineTool.environment("HOME") else {
            throw CommandFailure("HOME is not set, so there is no ~/.rhizome; give --home DIR or set RHIZOME_HOME")
        }
        return user + "/.rhizome"
    }

    /// Opens the home, which must exist.
    package func open() throws -> Home { try Home.open(path()) }
}
