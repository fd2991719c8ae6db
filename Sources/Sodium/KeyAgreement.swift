package import Bytes
internal import CSodium

extension SecretBytes {
    /// What both can work out who have one of two X25519 secrets and the other's public key (RFC 7748, section 6.1).
    ///
    /// To be hashed before it is used as a key.
    ///
    /// - Parameters:
    ///   - secret: 32 bytes.
    ///   - publicKey: an acceptable identity's: none of small order, with which everybody would know the result.
    /// - Throws: ``SodiumError`` `memory`.
    /// - Complexity: that of a verification.
    package convenience init(sharedBy secret: SecretBytes, and publicKey: Bytes32) throws {
        precondition(secret.count == Int(crypto_scalarmult_SCALARBYTES), "an X25519 secret has 32 bytes")
        try unsafe self.init(count: Int(crypto_scalarmult_BYTES)) { memory in
            let status = unsafe secret.withPointer { unsafe crypto_scalarmult(memory, $0, publicKey.array) }
            precondition(status == 0, "an acceptable key is not of small order")
        }
    }

    /// The SHA-256 hash of a secret, a secret as well.
    package convenience init(hashOf secret: SecretBytes) throws {
        try unsafe self.init(count: Int(crypto_hash_sha256_BYTES)) { memory in
            unsafe secret.withPointer { _ = unsafe crypto_hash_sha256(memory, $0, UInt64(secret.count)) }
        }
    }

    /// HMAC-SHA-256 (RFC 2104) of a message under a key of 32 bytes that lies in this secret.
    package func authenticationCode(of message: [UInt8], keyAt offset: Int) -> Bytes32 {
        precondition(
            offset >= 0 && offset + Int(crypto_auth_hmacsha256_KEYBYTES) <= count,
            "the key lies in its secret"
        )
        var code = [UInt8](repeating: 0, count: Int(crypto_auth_hmacsha256_BYTES))
        unsafe withPointer { secret in
            _ = unsafe crypto_auth_hmacsha256(&code, message, UInt64(message.count), secret + offset)
        }
        guard let code = Bytes32(code) else { preconditionFailure("an HMAC-SHA-256 has 32 bytes") }
        return code
    }
}
