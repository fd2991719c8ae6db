internal import HomeFiles
internal import RhizomeCore

/// The database's file, checked as all files of the home are (spec: identity.md, "Home folder") before SQLite opens it.
///
/// SQLite opens files by their paths, and follows a link to a database. So they are checked beforehand, and for each
/// connection that was opened the path must still lead to the file that was checked.
struct StoreFile: Sendable {
    private static let name = "store.sqlite"
    private static let logName = name + "-wal"
    private static let logIndexName = name + "-shm"

    private let folder: HomeFolder
    private let file: HomeFolder.FileID

    /// Where SQLite finds it.
    var path: String { folder.path(Self.name) }
    /// Whether there is a write-ahead log beside it.
    var hasLog: Bool { folder.contains(Self.logName) }

    /// Checks the store in a folder, made where it is missing and `creating` says so; `nil` where there is none.
    ///
    /// - Throws: ``FileError``, and ``DeltaLogError`` `disk`, with what to do that loses nothing.
    init?(in folder: HomeFolder, creating: Bool) throws {
        self.folder = folder
        if creating, !folder.contains(Self.name) {
            // SQLite takes away a log that lies beside an empty database, and with it what it alone may hold.
            guard !folder.contains(Self.logName) else {
                throw DeltaLogError(
                    .disk,
                    "\(folder.path(Self.name)) is missing, but its write-ahead log is there; put the store back beside "
                        + "\(folder.path(Self.logName)), or move that away as well to begin with an empty store"
                )
            }
            try folder.append(Self.name, [])
        }
        let file: HomeFolder.FileID?
        do throws(FileError) {
            file = try folder.inspect(Self.name, as: .secret)
        } catch {
            guard error.code == .symbolicLink else { throw error }
            throw DeltaLogError(
                .notAllowed,
                "\(error.path) is a symbolic link, which isn't followed; with no node running, take it away and move the "
                    + "store that it leads to here, together with the -wal file beside that, if there is one"
            )
        }
        guard let file else { return nil }
        self.file = file
        for name in [Self.logName, Self.logIndexName] { _ = try folder.inspect(name, as: .secret) }
    }

    /// Refuses what was opened by the path where that doesn't lead to the file that was checked.
    func checkOpened() throws {
        guard folder.leads(to: file, Self.name) else {
            throw DeltaLogError(.disk, "\(path) was replaced while it was opened; see who did it, and start again")
        }
    }
}
