package import HomeFiles
internal import SignedStatements
package import Sodium

/// An identity's home folder: the key, the journal, the name (spec: identity.md, "Home folder").
public struct Home: Sendable {
    static let nameFile = "name"
    static let dataFolder = "data"
    /// The delta store, in the data folder; SQLite puts two files beside it.
    static let storeFile = "store.sqlite"

    /// Where it is.
    public var path: String { folder.path }
    /// The folder itself.
    package let folder: HomeFolder

    private init(_ folder: HomeFolder) { self.folder = folder }

    /// Opens a home that exists.
    ///
    /// - Throws: ``IdentityError`` `noIdentity` where it doesn't; ``FileError`` where others can enter it.
    public static func open(_ path: String) throws -> Home {
        do {
            return Home(try HomeFolder.open(path))
        } catch let error where error.code == .missing {
            throw noIdentity(in: path)
        }
    }

    /// Opens a home, and makes its folder (0700) where there is none.
    public static func create(_ path: String) throws -> Home { Home(try HomeFolder.create(path)) }

    /// The folder for the delta store and the witnesses, made (0700) where `creating` says so.
    ///
    /// - Throws: ``FileError``, `missing` among them.
    package func data(creating: Bool) throws(FileError) -> HomeFolder {
        try folder.folder(Self.dataFolder, creating: creating)
    }

    private static func noIdentity(in path: String) -> IdentityError {
        IdentityError(
            .noIdentity,
            "there is no identity in \(path); make one with: rhizome-keys generate --home '\(path)'"
        )
    }

    // MARK: - The key

    /// Whether anything is called `identity.key`.
    public var hasKey: Bool { folder.contains(KeyFile.name) }

    /// Reads `identity.key`, straight into locked memory.
    ///
    /// - Throws: ``IdentityError`` `noIdentity` and those of ``KeyFile``; ``FileError`` for a file that is a link, no
    ///   plain file, somebody else's, or readable by others.
    public func keyFile() throws -> KeyFile {
        guard hasKey else { throw Self.noIdentity(in: path) }
        let file = try folder.open(KeyFile.name, as: .secret, limit: KeyFile.mostBytes)
        return try KeyFile(file.secret())
    }

    /// The identity of this home, ready to sign.
    ///
    ///     let home = try Home.open("/srv/rhizome")
    ///     let identity = try home.identity(passphraseFile: "/run/secrets/rhizome")
    ///
    /// - Parameter file: holds the passphrase, on one line, and is read only where the key is sealed. It goes from the
    ///   file straight into locked memory, never into a `String`.
    /// - Throws: ``IdentityError`` `noIdentity`, `passphraseNeeded` where the key is sealed and there is no file,
    ///   `unusablePassphrase` where that file is missing or empty, `wrongPassphrase`, `keyMismatch`, and those of
    ///   ``keyFile()``.
    /// - Complexity: 0.7 s and 256 MiB where the key is sealed as new ones are.
    public func identity(passphraseFile file: String? = nil) throws -> Identity {
        try identity { try file.map { try PassphraseFile.read($0) } }
    }

    /// The identity; `passphrase` is asked only where the key is sealed.
    ///
    /// - Throws: as ``keyFile()`` and ``KeyFile/identity(passphrase:)``.
    package func identity(passphrase: () throws -> SecretBytes?) throws -> Identity {
        try keyFile().identity(passphrase: passphrase)
    }

    /// Writes a new identity's key; never over another.
    ///
    ///     let home = try Home.create("/srv/rhizome")
    ///     try home.store(Identity.generate(), passphraseFile: "/run/secrets/rhizome")
    ///
    /// - Parameter file: holds the passphrase by which the key is sealed; `nil` leaves the key unsealed, so that whoever
    ///   reads `identity.key` has it.
    /// - Throws: ``IdentityError`` `identityExists`, `unusablePassphrase`; an error that says what to do where the disk
    ///   is full.
    public func store(_ identity: Identity, passphraseFile file: String?) throws {
        try store(identity, passphrase: try file.map { try PassphraseFile.read($0) })
    }

    /// Writes a new identity's key; never over another.
    ///
    /// - Throws: ``IdentityError`` `identityExists`, `unusablePassphrase`; ``FileError`` `noSpace`.
    package func store(_ identity: Identity, passphrase: SecretBytes?, cost: KeyFile.Cost = .standard) throws {
        guard !hasKey else { throw identityExists }
        let armored = try KeyFile.armored(identity, passphrase: passphrase, cost: cost)
        do throws(FileError) {
            try folder.create(KeyFile.name, armored)
        } catch let error where error.code == .exists {
            throw identityExists
        }
    }

    /// The error where an identity is in the way of a new one.
    package var identityExists: IdentityError {
        IdentityError(
            .identityExists,
            "\(folder.path(KeyFile.name)) exists; see it by: rhizome-keys show, or put it aside by: generate --force"
        )
    }

    // MARK: - The store

    /// Bytes that the store takes on its disk, and that are free there.
    ///
    /// - Returns: `free` is `nil` where the file system doesn't say.
    package func storeSpace() throws -> (taken: Int64, free: Int64?) {
        let data = try data(creating: false)
        let files = ["", "-wal", "-shm"].map { Self.storeFile + $0 }
        return (files.reduce(0) { $0 + (data.size(of: $1) ?? 0) }, data.freeBytes)
    }

    // MARK: - The last audit

    private static let auditFile = "audit.json"
    /// A summary has some 300 bytes for each author.
    private static let auditBytes = 16 << 20

    /// The summary that the last audit of this home's store left, JSON; `nil` where there was none.
    public func lastAudit() throws -> [UInt8]? {
        try data(creating: false).contents(Self.auditFile, limit: Self.auditBytes)
    }

    /// Keeps the summary of an audit, for the node to show.
    public func keepAudit(_ summary: [UInt8]) throws {
        guard summary.count <= Self.auditBytes else { return }
        try data(creating: false).replace(Self.auditFile, summary)
    }

    // MARK: - The name

    /// What the identity calls itself; `nil` where it has no name, or the file holds none.
    public func name() throws -> String? {
        guard let bytes = try folder.contents(Self.nameFile, limit: 4096) else { return nil }
        let line = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        let name = String(decoding: line, as: UTF8.self)
        return PeerName.isValid(name) ? name : nil
    }

    /// Whether there is a name file that holds no name.
    package func hasMalformedName() throws -> Bool { try folder.contains(Self.nameFile) && name() == nil }

    /// Writes the name.
    ///
    /// - Throws: `malformedName`.
    public func setName(_ name: String) throws {
        guard PeerName.isValid(name) else {
            throw IdentityError(.malformedName, "a name has 1 to 64 of A-Z a-z 0-9 . _ -")
        }
        try folder.replace(Self.nameFile, Array((name + "\n").utf8))
    }
}
