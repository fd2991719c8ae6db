internal import HomeFiles
package import Sodium

/// What `rhizome-keys verify` looks at: key file, permissions, journal, witness and library.
public struct HomeInspection: Sendable {
    /// What is in order, for people.
    public private(set) var facts: [String] = []
    /// What isn't, and what to do about it.
    public private(set) var findings: [String] = []

    /// Inspects a home, and changes nothing but a torn last write of the journal, which is repaired.
    ///
    /// - Parameter passphrase: asked where the key is sealed; `nil` leaves it unopened, which is a fact and no finding.
    package init(of path: String, passphrase: () throws -> SecretBytes?) {
        check("libsodium verifies by the network's rule") { try VerificationSelfTest.run() }
        var home: Home?
        check("the home folder is yours alone") { home = try Home.open(path) }
        guard let home else { return }
        inspectFiles(
            home.folder,
            [TrustJournal.name, TrustJournal.lockName, Home.nameFile, HTTPToken.name]
        )
        if home.folder.contains(Home.dataFolder) {
            var data: HomeFolder?
            check("the data folder is yours alone") { data = try home.data(creating: false) }
            let store = ["", "-wal", "-shm"].map { Home.storeFile + $0 }
            if let data {
                inspectFiles(
                    data,
                    [
                        TrustJournal.witnessName, RefusedGuests.name, "node.json", "addresses", "store.seen",
                        Home.dataLock,
                    ] + store
                )
            }
        }
        check("the name can be used") {
            if try home.hasMalformedName() {
                throw IdentityError(
                    .malformedName,
                    "\(home.folder.path(Home.nameFile)) holds no name of 1 to 64 of A-Z a-z 0-9 . _ -; correct it"
                )
            }
        }
        var key: KeyFile?
        check("the key file is well-formed") { key = try home.keyFile() }
        guard let key else { return }
        inspectKey(key, passphrase)
        inspectJournal(TrustJournal(home: home, owner: key.publicKey))
    }

    private mutating func inspectKey(_ key: KeyFile, _ passphrase: () throws -> SecretBytes?) {
        do {
            _ = try key.identity(passphrase: passphrase)
            facts.append("the secret belongs to \(key.publicKey.did)")
        } catch let error as IdentityError where error.code == .passphraseNeeded {
            facts.append("the key is sealed by a passphrase; not opened, since none was given")
        } catch {
            findings.append("\(error)")
        }
    }

    private mutating func inspectJournal(_ journal: TrustJournal) {
        do {
            let loaded = try journal.loadWitnessed()
            if loaded.wasRepaired { facts.append("a torn last write of the journal was taken away") }
            facts.append("the journal's \(loaded.list.count) statements are complete, in order and signed")
        } catch {
            findings.append("\(error)")
        }
    }

    /// All but the key file, whose own check says the same.
    private mutating func inspectFiles(_ folder: HomeFolder, _ names: [String]) {
        for name in names {
            do { _ = try folder.inspect(name, as: .secret) } catch { findings.append("\(error)") }
        }
    }

    private mutating func check(_ fact: String, _ body: () throws -> Void) {
        do {
            try body()
            facts.append(fact)
        } catch {
            findings.append("\(error)")
        }
    }
}
