internal import ArgumentParser
internal import HomeFiles
package import RhizomeIdentity

/// `--home`, on every command: else `RHIZOME_HOME`, else `~/.rhizome` (spec: cli.md).
package struct HomeOption: ParsableArguments {
    @Option(
        name: .customLong("home"),
        help: ArgumentHelp(
            "The home folder of the identity (default: $RHIZOME_HOME, else ~/.rhizome).",
            discussion: "In any path, ~/ is your own home folder: $HOME, else what the password database says.",
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
    /// - Throws: ``CommandFailure`` where something else than a folder has that name; ``UserPath/expanded(_:)``'s.
    package func path() throws -> String {
        let path = try UserPath.expanded(folder ?? CommandLineTool.environment("RHIZOME_HOME") ?? "~/.rhizome")
        guard !OutsideFile.exists(path) || OutsideFile.isFolder(path) else {
            throw CommandFailure("\(path) is a file; --home (or RHIZOME_HOME) takes a folder", .configuration)
        }
        return path
    }

    /// Opens the home, which must exist.
    package func open() throws -> Home { try Home.open(path()) }
}
