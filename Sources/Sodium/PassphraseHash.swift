internal import CSodium

/// The key that a passphrase gives (libsodium's `crypto_pwhash`, argon2id version 1.3).
package enum PassphraseHash {
    /// How many bytes a salt has.
    package static let saltCount = Int(crypto_pwhash_SALTBYTES)
    /// The least and most work that libsodium knows.
    package static let operations = UInt64(crypto_pwhash_OPSLIMIT_MIN)...UInt64(UInt32.max)
    /// The least memory that libsodium knows.
    package static let leastMemoryBytes = Int(crypto_pwhash_MEMLIMIT_MIN)

    /// A key of 32 bytes.
    ///
    /// - Parameters:
    ///   - operations: passes over the memory; the caller limits it first.
    ///   - memoryBytes: how much memory it takes meanwhile; the caller limits it first.
    /// - Throws: ``SodiumError`` `memory`.
    /// - Complexity: as the two parameters ask for: 0.7 s with 3 and 256 MiB.
    package static func key(
        passphrase: SecretBytes,
        salt: [UInt8],
        operations: UInt64,
        memoryBytes: Int
    ) throws -> SecretBytes {
        precondition(salt.count == saltCount, "a salt has 16 bytes")
        let count = passphrase.count
        return try unsafe SecretBytes(count: SealedSecret.keyCount) { key in
            let result = unsafe passphrase.withPointer { passphrase in
                unsafe passphrase.withMemoryRebound(to: CChar.self, capacity: count) { text in
                    unsafe crypto_pwhash(
                        key,
                        UInt64(SealedSecret.keyCount),
                        text,
                        UInt64(count),
                        salt,
                        operations,
                        memoryBytes,
                        crypto_pwhash_ALG_ARGON2ID13
                    )
                }
            }
            guard result == 0 else { throw SodiumError(.memory) }
        }
    }
}
