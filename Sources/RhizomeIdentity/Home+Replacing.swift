internal import Bytes
internal import DeterministicCBOR
package import HomeFiles
internal import SignedStatements
package import Sodium

/// `generate --force`: a new identity where there is one (spec: identity.md, "Home folder").
extension Home {
    static let dataLock = "lock"

    /// Takes `data/lock`: one node or import at a time.
    ///
    /// - Throws: ``FileError`` `locked`, naming the holder.
    package func lockData(for holder: String, patience: Duration = .zero) throws(FileError) -> FileLock {
        try data(creating: true).lock(Self.dataLock, for: holder, patience: patience)
    }

    /// What of another identity is in the way of a new one, by its names.
    package var leftovers: [String] {
        [KeyFile.name, TrustJournal.name].filter { folder.contains($0) }
    }

    /// Puts the old key, journal and witness aside, renamed after the old fingerprint, and writes the new key.
    ///
    /// The new key is on the disk before anything is renamed, so a full disk leaves the old identity as it was.
    ///
    /// - Returns: the names under which the old files are kept.
    /// - Throws: ``FileError`` `locked` while a node runs; what ``keyFile()`` throws for a key that can't be read.
    package func replaceIdentity(
        with identity: Identity,
        passphrase: SecretBytes?,
        cost: KeyFile.Cost = .standard
    ) throws -> [String] {
        let suffix = try oldFingerprint()
        let armored = try KeyFile.armored(identity, passphrase: passphrase, cost: cost)
        let lock = try folder.lock(TrustJournal.lockName, for: "rhizome-keys generate", patience: .seconds(30))
        let dataLock = folder.contains(Self.dataFolder) ? try lockData(for: "rhizome-keys generate") : nil
        return try withExtendedLifetime((lock, dataLock)) {
            let fresh = "\(KeyFile.name).new"
            try? folder.remove(fresh)
            try folder.create(fresh, armored)
            var kept: [String] = []
            // The key first: without it nothing that remains can be taken for a valid list.
            for name in leftovers {
                kept.append("\(name).\(suffix)")
                try folder.rename(name, to: "\(name).\(suffix)")
            }
            if folder.contains(Self.dataFolder) {
                let data = try data(creating: false)
                if data.contains(TrustJournal.witnessName) {
                    try data.rename(TrustJournal.witnessName, to: "\(TrustJournal.witnessName).\(suffix)")
                    kept.append("\(Self.dataFolder)/\(TrustJournal.witnessName).\(suffix)")
                }
            }
            try folder.rename(fresh, to: KeyFile.name)
            // The store stays, so the new list needs its witness from the beginning.
            if folder.contains(Self.dataFolder) {
                try TrustJournal(home: self, owner: identity.publicKey).recordSeen(TrustList(owner: identity.publicKey))
            }
            return kept
        }
    }

    /// The old identity's fingerprint, fit for a file name: of the key, or else of the journal's first statement.
    private func oldFingerprint() throws -> String {
        let owner: PublicKey?
        if hasKey {
            owner = try keyFile().publicKey
        } else {
            var reader = CBORReader(try folder.contents(TrustJournal.name, limit: TrustJournal.mostBytes) ?? [])
            owner = try? SignedStatement(from: &reader, purpose: TrustStatement.purpose).signer
        }
        guard let owner else { return "unknown" }
        // Base64 as base64url, and no colon: file systems and shells give both a meaning.
        return String(
            owner.fingerprint.map { character in
                switch character {
                case ":", "+": "-"
                case "/": "_"
                default: character
                }
            }
        )
    }
}
