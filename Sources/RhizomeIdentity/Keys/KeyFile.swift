internal import Bytes
internal import DeterministicCBOR
public import SignedStatements
package import Sodium

/// `identity.key`: the secret, in the clear or sealed by a passphrase (spec: identity.md, "identity.key").
///
///     ["rhizome-key", 1, public key, null, seed]
///     ["rhizome-key", 1, public key, ["argon2id13", opslimit, memlimit, salt], nonce ‖ ciphertext ‖ tag]
///
/// as deterministic CBOR in Base64 between two lines. What could hold the seed never leaves locked memory.
public struct KeyFile: Sendable {
    /// Its name in the home folder.
    public static let name = "identity.key"
    /// More bytes than such a file ever has.
    static let mostBytes = 4096

    private static let firstLine = "-----BEGIN RHIZOME SECRET KEY-----"
    private static let lastLine = "-----END RHIZOME SECRET KEY-----"
    private static let lineCount = 64
    /// An array of five, "rhizome-key"; the version follows.
    private static let magic: [UInt8] = [0x85, 0x6b] + Array("rhizome-key".utf8)
    /// Where the key derivation starts: after magic, version, and the public key with its head.
    private static let derivationOffset = magic.count + 1 + 2 + Bytes32.count
    /// How long the CBOR of an unsealed key is: null, and the seed with its head.
    private static let plainCount = derivationOffset + 1 + 2 + SigningKey.seedCount

    /// How much work a passphrase's key takes.
    package struct Cost: Hashable, Sendable {
        /// argon2's passes.
        package let operations: UInt64
        /// argon2's memory in bytes.
        package let memoryBytes: Int

        /// New files: 3 passes over 256 MiB.
        package static let standard = Cost(operations: 3, memoryBytes: 256 << 20)
        /// The most that a file may ask for: 20 passes, 1 GiB.
        package static let most = Cost(operations: 20, memoryBytes: 1 << 30)

        package init(operations: UInt64, memoryBytes: Int) {
            self.operations = operations
            self.memoryBytes = memoryBytes
        }
    }

    private struct Seal: Sendable {
        let cost: Cost
        let salt: [UInt8]
        let nonce: [UInt8]
        let ciphertext: [UInt8]
        /// The first four elements as an array of their own.
        let additionalData: [UInt8]
    }

    private enum Content: Sendable {
        case plain(SigningKey)
        case sealed(Seal)
    }

    /// Whose key it is.
    ///
    /// Of a sealed file it is believed until ``identity(passphrase:)`` has checked it.
    public let publicKey: PublicKey
    private let content: Content

    /// Whether a passphrase is needed to use it.
    public var isSealed: Bool {
        if case .sealed = content { true } else { false }
    }

    // MARK: - Reading

    /// Reads the file's content; an unsealed seed is held against the public key at once.
    ///
    /// - Throws: ``IdentityError`` `malformedKeyFile`, `costlyKeyFile`, `newerVersion`, `keyMismatch`; ``SodiumError``.
    package init(_ armored: SecretBytes) throws {
        let encoded = try Self.dearmored(armored)
        guard encoded.count > Self.derivationOffset, encoded.revealing(0..<Self.magic.count) == Self.magic else {
            throw Self.malformed("it holds something else")
        }
        guard encoded[Self.magic.count] == 1 else {
            throw IdentityError(.newerVersion, "\(Self.name) was written by a newer version; update this program")
        }
        let keyHead = encoded.revealing(Self.magic.count + 1..<Self.magic.count + 3)
        guard keyHead == [0x58, 0x20],
            let publicKey = PublicKey(encoded.revealing(Self.derivationOffset - Bytes32.count..<Self.derivationOffset))
        else { throw Self.malformed("its public key has not 32 bytes") }
        self.publicKey = publicKey
        if encoded[Self.derivationOffset] == 0xf6 {
            content = .plain(try Self.plainKey(encoded, publicKey))
        } else {
            content = .sealed(try Self.seal(encoded))
        }
    }

    private static func plainKey(_ encoded: SecretBytes, _ publicKey: PublicKey) throws -> SigningKey {
        let start = plainCount - SigningKey.seedCount
        guard encoded.count == plainCount, encoded.revealing(start - 2..<start) == [0x58, 0x20] else {
            throw malformed("its seed has not 32 bytes")
        }
        let key = try SigningKey(seed: try encoded.part(start..<plainCount))
        try check(key, publicKey)
        return key
    }

    private static func seal(_ encoded: SecretBytes) throws -> Seal {
        // Nothing here is a secret: what isn't sealed has a null in this place.
        guard encoded[derivationOffset] == 0x84 else { throw malformed("its key derivation is no array of four") }
        let bytes = encoded.revealing(0..<encoded.count)
        do {
            var reader = CBORReader(bytes, in: derivationOffset..<bytes.count)
            _ = try reader.array()
            guard try reader.text() == "argon2id13" else {
                throw IdentityError(.newerVersion, "\(name) is sealed in a newer way; update this program")
            }
            let operations = try reader.integer()
            let memory = try reader.integer()
            let salt = try reader.byteString()
            let end = reader.offset
            let secret = try reader.byteString()
            try reader.finish()
            guard salt.count == PassphraseHash.saltCount,
                secret.count == SealedSecret.nonceCount + SigningKey.seedCount + SealedSecret.tagCount
            else { throw malformed("its sealed secret has not the right length") }
            guard (1...Int64(Cost.most.operations)).contains(operations),
                (Int64(PassphraseHash.leastMemoryBytes)...Int64(Cost.most.memoryBytes)).contains(memory)
            else {
                throw IdentityError(
                    .costlyKeyFile,
                    "\(name) asks for \(operations) passes over \(memory) bytes of memory (allowed: 1 to 20, "
                        + "8 KiB to 1 GiB); restore it from a backup"
                )
            }
            return Seal(
                cost: Cost(operations: UInt64(operations), memoryBytes: Int(memory)),
                salt: salt,
                nonce: Array(secret.prefix(SealedSecret.nonceCount)),
                ciphertext: Array(secret.dropFirst(SealedSecret.nonceCount)),
                additionalData: [0x84] + bytes[1..<end]
            )
        } catch is CBORError {
            throw malformed("its key derivation can't be read")
        }
    }

    /// The bytes between the two lines, which must be cut as ``armored(_:)`` cuts them; the last line's end may lack.
    private static func dearmored(_ text: SecretBytes) throws -> SecretBytes {
        var lines: [Range<Int>] = []
        var start = 0
        for index in 0..<text.count where text[index] == UInt8(ascii: "\n") {
            lines.append(start..<index)
            start = index + 1
        }
        if start < text.count { lines.append(start..<text.count) }
        if let first = lines.first, let last = first.last, text[last] == UInt8(ascii: "\r") {
            throw malformed("it has Windows line ends, so something rewrote it")
        }
        guard lines.count >= 3, text.revealing(lines[0]) == Array(firstLine.utf8),
            lines[lines.count - 1].count == lastLine.utf8.count,
            text.revealing(lines[lines.count - 1]) == Array(lastLine.utf8)
        else { throw malformed("it doesn't start with \(firstLine) and end with \(lastLine)") }
        let body = lines[1..<lines.count - 1]
        guard body.dropLast().allSatisfy({ $0.count == lineCount }),
            let last = body.last, (1...lineCount).contains(last.count)
        else { throw malformed("its lines have not \(lineCount) characters each") }
        // libsodium takes 0xC1, an A with its highest bit set, for an A: there would be two texts of one key.
        guard (0..<text.count).allSatisfy({ text[$0] < 0x80 }) else { throw malformed("it is not Base64") }
        do {
            return try SecretBytes(joining: body.map { .secret(text, $0) }).base64Decoded()
        } catch let error as SodiumError where error.code == .encoding {
            throw malformed("it is not Base64")
        }
    }

    private static func malformed(_ what: String) -> IdentityError {
        IdentityError(.malformedKeyFile, "\(name) can't be used: \(what); restore it from a backup")
    }

    private static func check(_ key: SigningKey, _ publicKey: PublicKey) throws(IdentityError) {
        guard key.publicKey == publicKey.bytes else {
            throw IdentityError(
                .keyMismatch,
                "\(name) was changed: its secret belongs to another public key; restore it from a backup"
            )
        }
    }

    /// The identity; `passphrase` is asked only where the key is sealed.
    ///
    /// - Throws: ``IdentityError`` `passphraseNeeded` where it gives none, `wrongPassphrase`, `keyMismatch`, and what
    ///   `passphrase` throws.
    /// - Complexity: 0.7 s and 256 MiB where it is sealed as new files are.
    package func identity(passphrase: () throws -> SecretBytes?) throws -> Identity {
        switch content {
        case .plain(let key): return Identity(key)
        case .sealed(let seal):
            guard let passphrase = try passphrase() else {
                throw IdentityError(
                    .passphraseNeeded,
                    "the key is sealed by a passphrase; give a file that holds it: --passphrase-file, "
                        + "or RHIZOME_PASSPHRASE_FILE"
                )
            }
            try Self.checkUsable(passphrase)
            let key = try PassphraseHash.key(
                passphrase: passphrase,
                salt: seal.salt,
                operations: seal.cost.operations,
                memoryBytes: seal.cost.memoryBytes
            )
            do {
                let seed = try SealedSecret.open(
                    seal.ciphertext,
                    with: seal.additionalData,
                    nonce: seal.nonce,
                    key: key
                )
                let key = try SigningKey(seed: seed)
                try Self.check(key, publicKey)
                return Identity(key)
            } catch let error as SodiumError where error.code == .authentication {
                let unseen =
                    InvisibleCharacter.any(in: passphrase).map { "; it holds \($0), which can't be seen" } ?? ""
                throw IdentityError(
                    .wrongPassphrase,
                    "wrong passphrase\(unseen) (or \(Self.name) was changed); try again, or restore the file from a backup"
                )
            }
        }
    }

    // MARK: - Writing

    /// The file's content, in locked memory, for an identity; sealed where there is a passphrase.
    ///
    /// - Throws: `unusablePassphrase` for an empty one, or with a character that nobody sees; ``SodiumError``.
    package static func armored(
        _ identity: Identity,
        passphrase: SecretBytes?,
        cost: Cost = .standard
    ) throws -> SecretBytes {
        var open = CBORWriter()
        open.text("rhizome-key")
        open.integer(1)
        open.byteString(identity.publicKey.bytes)
        guard let passphrase else {
            open.null()
            return try armored(
                SecretBytes(joining: [.open([0x85] + open.bytes + [0x58, 0x20]), .secret(identity.seed)])
            )
        }
        try checkUsable(passphrase)
        try checkMeant(passphrase)
        let salt = try randomBytes(count: PassphraseHash.saltCount)
        let nonce = try randomBytes(count: SealedSecret.nonceCount)
        open.array(4)
        open.text("argon2id13")
        open.integer(Int64(cost.operations))
        open.integer(Int64(cost.memoryBytes))
        open.byteString(salt)
        let key = try PassphraseHash.key(
            passphrase: passphrase,
            salt: salt,
            operations: cost.operations,
            memoryBytes: cost.memoryBytes
        )
        let sealed = SealedSecret.seal(identity.seed, with: [0x84] + open.bytes, nonce: nonce, key: key)
        open.byteString(nonce + sealed)
        return try armored(SecretBytes(joining: [.open([0x85] + open.bytes)]))
    }

    private static func armored(_ encoded: SecretBytes) throws -> SecretBytes {
        let text = try encoded.base64Encoded()
        var parts: [SecretBytes.Part] = [.open(Array((firstLine + "\n").utf8))]
        for start in stride(from: 0, to: text.count, by: lineCount) {
            parts.append(.secret(text, start..<min(start + lineCount, text.count)))
            parts.append(.open([UInt8(ascii: "\n")]))
        }
        parts.append(.open(Array((lastLine + "\n").utf8)))
        return try SecretBytes(joining: parts)
    }

    private static func checkUsable(_ passphrase: SecretBytes) throws(IdentityError) {
        guard passphrase.count > 0 else {
            throw IdentityError(.unusablePassphrase, "the passphrase is empty; give one, or use --no-passphrase")
        }
    }

    /// Of new passphrases alone: an old one opens its key, whatever is in it.
    private static func checkMeant(_ passphrase: SecretBytes) throws(IdentityError) {
        guard let name = InvisibleCharacter.unmeant(in: passphrase) else { return }
        throw IdentityError(
            .unusablePassphrase,
            "the passphrase holds \(name), which can't be seen and was hardly meant; take it away, or save the file as "
                + "UTF-8 without a byte-order mark"
        )
    }
}
